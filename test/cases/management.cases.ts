import {
  authorization,
  basicToken,
  bearerToken,
  denied,
  invalid,
  letIn,
  nativeToken,
  password,
  USER_PASSWORD,
  type AccessCase,
} from './access-case.js';

const NEW_TOKEN = { method: 'POST', path: '/api/v1/tokens' } as const;
const ADMINISTRATOR = password('admin', USER_PASSWORD);
const ALICE = password('alice', USER_PASSWORD);

/** The calls that concern the presented token alone, and their status. */
const OWN_TOKEN_CALLS = [
  ['GET', '/api/v1/tokens/self', 200],
  ['DELETE', '/api/v1/tokens/self', 204],
  ['POST', '/api/v1/tokens/self/rotate', 201],
] as const;

/** Scopegate's own API: nothing is passed on there. */
const ROWS: readonly AccessCase[] = [
  {
    name: 'a user logs in with a password',
    requirement: 'R42',
    request: { path: '/api/v1/me', credential: password('Alice', USER_PASSWORD) },
    expect: letIn(200),
  },
  {
    name: 'a wrong password is refused',
    requirement: 'R42',
    request: { path: '/api/v1/me', credential: password('alice', 'wrong password') },
    expect: invalid('password_wrong'),
  },
  {
    name: 'an unknown user gets the same answer',
    requirement: 'R42',
    request: { path: '/api/v1/me', credential: password('mallory', USER_PASSWORD) },
    expect: invalid('password_wrong'),
  },
  {
    name: 'an anonymous request is refused',
    requirement: 'R45',
    request: { path: '/api/v1/me' },
    expect: denied('authentication_required', 401),
  },
  {
    name: 'another scheme is nobody',
    requirement: 'R45',
    request: { path: '/api/v1/me', credential: authorization('Digest username="alice"') },
    expect: denied('authentication_required', 401, { credential: 'none' }),
  },
  {
    name: 'a Bearer token of somebody else’s is refused',
    requirement: 'R67',
    request: { path: '/api/v1/me', credential: nativeToken() },
    expect: invalid('token_malformed'),
  },
  {
    name: 'the settings on passwords do not hold here',
    requirement: 'R43',
    settings: { passwordsEnabled: false },
    request: { path: '/api/v1/me', credential: ALICE },
    expect: letIn(200),
  },
  {
    name: 'the allow list does not hold for passwords here, so that it can be mended',
    requirement: 'R37',
    settings: { allowList: ['192.0.2.1'], allowListAppliesToPasswords: true },
    request: { path: '/api/v1/me', credential: ALICE },
    expect: letIn(200),
  },
  {
    name: 'the allow list holds for tokens here',
    requirement: 'R34',
    settings: { allowList: ['192.0.2.1'] },
    request: { path: '/api/v1/me', credential: bearerToken('ro') },
    expect: denied('ip_not_allowed', 401, { detail: '127.0.0.1' }),
  },
  {
    name: 'a read-only token may read',
    requirement: 'R02',
    request: { path: '/api/v1/me', credential: basicToken('alice', 'ro') },
    expect: letIn(200),
  },
  {
    name: 'a read-only token may create a token',
    requirement: 'R05',
    request: {
      ...NEW_TOKEN,
      credential: bearerToken('ro'),
      body: '{"description":"made with a token","scope":"read-only"}',
    },
    expect: letIn(201),
  },
  {
    name: 'a read-only token may create a token only while its user may',
    requirement: ['R05', 'R24'],
    permissions: { createForSelf: { everyone: false, groups: [], readOnlyOnly: false } },
    request: {
      ...NEW_TOKEN,
      credential: bearerToken('ro'),
      body: '{"description":"made with a token","scope":"read-only"}',
    },
    expect: denied('create_not_permitted', 403),
    notPure: 'Whether a token may be made is decided by the rule of creation, after the scope.',
  },
  {
    name: 'a creation that was under way when the permission went is refused',
    requirement: 'R24',
    permissions: { createForSelf: { everyone: false, groups: ['testers'], readOnlyOnly: false } },
    request: { ...NEW_TOKEN, credential: ALICE, body: '{"description":"late","scope":"read-only"}' },
    expect: denied('create_not_permitted', 403),
    notPure: 'Whether a token may be made is decided by the rule of creation, after the login.',
  },
  ...(
    [
      ['PATCH', '/api/v1/tokens/AAAAAAAAAAAA'],
      ['DELETE', '/api/v1/tokens/AAAAAAAAAAAA'],
      ['POST', '/api/v1/tokens/AAAAAAAAAAAA/rotate'],
      ['POST', '/api/v1/tokens/revoke'],
      ['POST', '/api/v1/me/password'],
    ] as const
  ).map(([method, path]): AccessCase => ({
    name: `a read-only token may not ${method} ${path}`,
    requirement: ['R03', 'R06'],
    request: { method, path, credential: bearerToken('ro'), body: '{}' },
    expect: denied('scope_insufficient', 403),
  })),
  {
    name: 'a method override undoes the exception for creating tokens',
    requirement: ['R05', 'R12'],
    request: {
      ...NEW_TOKEN,
      credential: bearerToken('ro'),
      headers: [['X-HTTP-Method-Override', 'DELETE']],
      body: '{"description":"x","scope":"read-only"}',
    },
    expect: denied('scope_insufficient', 403),
  },
  ...OWN_TOKEN_CALLS.flatMap(([method, path, status]): readonly AccessCase[] => {
    const call = { method, path, ...(method === 'POST' ? { body: '{}' } : {}) };
    return [
      {
        name: `a read-only token may ${method} ${path}`,
        requirement: 'R123',
        request: { ...call, credential: bearerToken('ro') },
        expect: letIn(status),
      },
      {
        name: `a token of another application may ${method} ${path}`,
        requirement: ['R123', 'R125'],
        tokens: { narrowed: { scope: 'read-only', applications: ['other'] } },
        request: { ...call, credential: basicToken('alice', 'narrowed') },
        expect: letIn(status),
      },
      {
        name: `a password stands for no token at ${method} ${path}`,
        requirement: 'R123',
        request: { ...call, credential: ALICE },
        expect: letIn(400, 'validation_failed'),
      },
      {
        name: `a session of the gateway is no credential at ${method} ${path}`,
        requirement: ['R11', 'R123'],
        request: { ...call, session: 'rw' },
        expect: denied('authentication_required', 401, { credential: 'cookie' }),
      },
      {
        name: `a revoked token may not ${method} ${path}`,
        requirement: 'R123',
        tokens: { dead: { scope: 'read-write', revoked: true } },
        request: { ...call, credential: bearerToken('dead') },
        expect: denied('token_revoked', 401),
      },
      {
        name: `an expired token may not ${method} ${path}`,
        requirement: ['R31', 'R123'],
        tokens: { late: { scope: 'read-write', expiresInMs: -1 } },
        request: { ...call, credential: bearerToken('late') },
        expect: denied('token_expired', 401),
      },
      {
        name: `a token whose owner may not use tokens may not ${method} ${path}`,
        requirement: ['R25', 'R123'],
        permissions: { useTokens: { everyone: false, groups: [] } },
        request: { ...call, credential: bearerToken('rw') },
        expect: denied('use_not_permitted', 403),
      },
      {
        name: `a token may not ${method} ${path} from a forbidden address`,
        requirement: ['R34', 'R123'],
        settings: { allowList: ['192.0.2.1'] },
        request: { ...call, credential: bearerToken('rw') },
        expect: denied('ip_not_allowed', 401, { detail: '127.0.0.1' }),
      },
    ];
  }),
  {
    name: 'a read-only token may not describe itself anew',
    requirement: ['R03', 'R123'],
    request: { method: 'PATCH', path: '/api/v1/tokens/self', credential: bearerToken('ro'), body: '{}' },
    expect: denied('scope_insufficient', 403),
  },
  {
    name: 'a token of another application may do nothing else here',
    requirement: ['R123', 'R125'],
    tokens: { narrowed: { scope: 'read-write', applications: ['other'] } },
    request: { path: '/api/v1/tokens', credential: bearerToken('narrowed') },
    expect: denied('token_not_accepted', 401),
  },
  {
    name: 'a method override undoes the exception for the token itself',
    requirement: ['R12', 'R123'],
    request: {
      method: 'POST',
      path: '/api/v1/tokens/self/rotate',
      credential: bearerToken('ro'),
      headers: [['X-HTTP-Method-Override', 'DELETE']],
      body: '{}',
    },
    expect: denied('scope_insufficient', 403),
  },
  {
    name: 'the scope of a new token has to be chosen',
    requirement: 'R09',
    request: { ...NEW_TOKEN, credential: ALICE, body: '{"description":"without a scope"}' },
    expect: letIn(400, 'validation_failed'),
  },
  {
    name: 'a user who may not use tokens is denied with one here, too',
    requirement: 'R25',
    permissions: { useTokens: { everyone: false, groups: [] } },
    request: { path: '/api/v1/me', credential: bearerToken('ro') },
    expect: denied('use_not_permitted', 403),
  },
  {
    name: 'a user who may not use tokens still logs in with a password, and reads why',
    requirement: ['R24', 'R25'],
    permissions: { useTokens: { everyone: false, groups: [] } },
    request: { path: '/api/v1/me', credential: ALICE },
    expect: letIn(200),
  },
  {
    name: 'a revoked token is refused here, too',
    requirement: 'R31',
    tokens: { dead: { scope: 'read-only', revoked: true } },
    request: { path: '/api/v1/me', credential: basicToken('alice', 'dead') },
    expect: denied('token_revoked', 401),
  },
  {
    name: 'the settings are for administrators',
    requirement: 'R24',
    request: { path: '/api/v1/settings', credential: ALICE },
    expect: denied('administrator_required', 403),
    notPure: 'Which routes are for administrators is written at the routes.',
  },
  {
    name: 'an administrator reads the settings with a read-only token',
    requirement: 'R02',
    tokens: { his: { scope: 'read-only', owner: 'admin' } },
    request: { path: '/api/v1/settings', credential: bearerToken('his') },
    expect: letIn(200),
  },
  {
    name: 'path traversal cannot be prevented while passwords are enabled',
    requirement: 'R47',
    request: {
      method: 'PATCH',
      path: '/api/v1/settings',
      credential: ADMINISTRATOR,
      body: '{"passwords":{"preventPathTraversal":true}}',
    },
    expect: letIn(400, 'validation_failed'),
  },
  {
    name: 'the exception for the Remote API is confluence’s alone',
    requirement: 'R49',
    request: {
      method: 'POST',
      path: '/api/v1/applications',
      credential: ADMINISTRATOR,
      body: '{"key":"refused","kind":"jira","mount":{"pathPrefix":"/refused"},"upstream":"http://127.0.0.1:9","remoteApiPasswords":true}',
    },
    expect: letIn(400, 'validation_failed'),
  },
  ...(
    [
      ['jira', '8.13.9'],
      ['confluence', '7.8'],
      ['generic', '99.0'],
    ] as const
  ).map(([kind, version]): AccessCase => ({
    name: `${kind} ${version} has no tokens of its own to switch off`,
    requirement: 'R52',
    request: {
      method: 'POST',
      path: '/api/v1/applications',
      credential: ADMINISTRATOR,
      body: `{"key":"refused","kind":"${kind}","version":"${version}","mount":{"pathPrefix":"/refused"},"upstream":"http://127.0.0.1:9","nativeTokensDisabled":true}`,
    },
    expect: letIn(400, 'validation_failed'),
  })),
];

export const MANAGEMENT_CASES: readonly AccessCase[] = Array.from(ROWS, (row) => ({
  ...row,
  application: 'management',
}));
