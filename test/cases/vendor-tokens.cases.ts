import {
  allowed,
  basicToken,
  bearerToken,
  denied,
  invalid,
  letIn,
  password,
  USER_PASSWORD,
  type AccessCase,
} from './access-case.js';

const TOKENS = '/rest/de.resolution.apitokenauth/latest/user/token';
const NEW_TOKEN = '{"tokenDescription":"made with a token","tokenScope":1}';

/** The vendor's REST calls, which Scopegate answers itself below the mounts of the three products (R05, R09). */
const ROWS: readonly AccessCase[] = [
  ...(['jira', 'confluence', 'bitbucket'] as const).map((kind): AccessCase => ({
    name: `a read-only token may create a token by the vendor's call below a ${kind}`,
    requirement: 'R05',
    application: { kind },
    request: { method: 'POST', path: TOKENS, credential: basicToken('alice', 'ro'), body: NEW_TOKEN },
    expect: letIn(200),
  })),
  {
    name: 'without a scope the vendor’s call means read-only, which a read-only token may make',
    requirement: 'R09',
    request: {
      method: 'POST',
      path: TOKENS,
      credential: bearerToken('ro'),
      body: '{"tokenDescription":"without a scope"}',
    },
    expect: letIn(200),
  },
  {
    name: 'a read-only token lists by the vendor’s call',
    requirement: 'R02',
    request: { path: TOKENS, credential: bearerToken('ro') },
    expect: letIn(200),
  },
  ...(['PATCH', 'DELETE'] as const).map((method): AccessCase => ({
    name: `a read-only token may not ${method} by the vendor's call`,
    requirement: 'R06',
    request: { method, path: `${TOKENS}/1`, credential: bearerToken('ro'), body: '{"tokenDescription":"x"}' },
    expect: denied('scope_insufficient', 403),
  })),
  {
    name: 'a method override undoes the exception for the vendor’s call',
    requirement: ['R05', 'R12'],
    request: {
      method: 'POST',
      path: TOKENS,
      credential: bearerToken('ro'),
      headers: [['X-HTTP-Method-Override', 'DELETE']],
      body: NEW_TOKEN,
    },
    expect: denied('scope_insufficient', 403),
  },
  {
    name: 'a password logs in at the vendor’s calls in every password mode',
    requirement: 'R43',
    settings: { passwordsEnabled: false },
    request: { path: TOKENS, credential: password('alice', USER_PASSWORD) },
    expect: letIn(200),
  },
  {
    name: 'a wrong password at the vendor’s calls does not go on to the application',
    requirement: 'R43',
    request: { path: TOKENS, credential: password('alice', 'wrong password') },
    expect: invalid('password_wrong'),
  },
  {
    name: 'a user who may not use tokens is denied at the vendor’s calls, too',
    requirement: 'R25',
    permissions: { useTokens: { everyone: false, groups: [] } },
    request: { method: 'POST', path: TOKENS, credential: bearerToken('ro'), body: NEW_TOKEN },
    expect: denied('use_not_permitted', 403),
  },
];

export const VENDOR_TOKENS_CASES: readonly AccessCase[] = [
  ...Array.from(ROWS, (row) => ({ ...row, answeredHere: true })),
  {
    name: 'a generic application has no such call: the path is its own',
    requirement: 'R06',
    application: { kind: 'generic' },
    request: { method: 'POST', path: TOKENS, credential: bearerToken('ro'), body: NEW_TOKEN },
    expect: denied('scope_insufficient', 403),
  },
  {
    name: 'a path beside the vendor’s calls is the application’s own',
    requirement: 'R06',
    request: {
      method: 'POST',
      path: '/rest/de.resolution.apitokenauth/latest/users/token',
      credential: bearerToken('ro'),
      body: NEW_TOKEN,
    },
    expect: denied('scope_insufficient', 403),
  },
  {
    name: 'a path beside the vendor’s calls is read as any other',
    requirement: 'R02',
    request: { path: '/rest/de.resolution.apitokenauth/1.0/settings', credential: bearerToken('ro') },
    expect: allowed(),
  },
];
