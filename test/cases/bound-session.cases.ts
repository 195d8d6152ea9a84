import {
  allowed,
  basicToken,
  denied,
  invalid,
  nativeToken,
  password,
  type AccessCase,
  type CaseForwarded,
} from './access-case.js';

const PATH = { path: '/rest/api/2/myself' } as const;

/** The upstream knows the session, so that nobody has to tell it who the user is. */
const BY_SESSION: Omit<CaseForwarded, 'receives'> = { user: null };

/** Sessions of an application that were made with a token (R11). */
export const BOUND_SESSION_CASES: readonly AccessCase[] = [
  {
    name: 'a session made with a read-only token reads',
    requirement: 'R11',
    request: { ...PATH, session: 'ro' },
    expect: allowed(BY_SESSION),
  },
  {
    name: 'a session made with a read-only token does not write',
    requirement: 'R11',
    request: { method: 'DELETE', path: '/rest/api/2/issue/A-1', session: 'ro' },
    expect: denied('scope_insufficient', 403),
  },
  {
    name: 'a session made with a read-write token writes',
    requirement: 'R11',
    request: { method: 'POST', path: '/rest/api/2/issue', session: 'rw', body: '{"fields":{}}' },
    expect: allowed(BY_SESSION),
  },
  {
    name: 'a method override is held against a session as against its token',
    requirement: ['R11', 'R12'],
    request: { ...PATH, session: 'ro', headers: [['X-HTTP-Method-Override', 'DELETE']] },
    expect: denied('scope_insufficient', 403),
  },
  {
    name: 'a session ends with the revocation of its token',
    requirement: 'R11',
    tokens: { dead: { scope: 'read-only', revoked: true } },
    request: { ...PATH, session: 'dead' },
    expect: denied('token_revoked', 401),
  },
  {
    name: 'a session ends at the instant its token expires',
    requirement: 'R11',
    tokens: { old: { scope: 'read-only', expiresInMs: 0 } },
    request: { ...PATH, session: 'old' },
    expect: denied('token_expired', 401),
  },
  {
    name: 'a session is held to the addresses of its token',
    requirement: 'R11',
    tokens: { narrow: { scope: 'read-only', allowList: ['192.0.2.1'] } },
    request: { ...PATH, session: 'narrow' },
    expect: denied('ip_not_allowed', 401, { detail: '127.0.0.1' }),
  },
  {
    name: 'a session is held to the allow list, which other cookies are not',
    requirement: 'R11',
    settings: { allowList: ['192.0.2.1'] },
    request: { ...PATH, session: 'ro' },
    expect: denied('ip_not_allowed', 401, { detail: '127.0.0.1' }),
  },
  {
    name: 'a session ends with its user',
    requirement: ['R11', 'R26'],
    users: { bob: { active: false } },
    tokens: { his: { scope: 'read-only', owner: 'bob' } },
    request: { ...PATH, session: 'his' },
    expect: invalid('owner_inactive', { credential: 'cookie' }),
  },
  {
    name: 'a session stops with the permission of its user',
    requirement: ['R11', 'R25'],
    permissions: { useTokens: { everyone: false, groups: [] } },
    request: { ...PATH, session: 'ro' },
    expect: denied('use_not_permitted', 403),
  },
  {
    name: 'a session is forwarded on paths with one reading alone',
    requirement: ['R11', 'R48'],
    request: { path: '/rest/x/../api/2/myself', session: 'ro' },
    expect: denied('path_ambiguous', 400),
  },
  {
    name: 'a password beside a session does not free the request from its token, and does not go on',
    requirement: 'R11',
    request: { method: 'POST', path: '/rest/api/2/issue', credential: password('admin'), session: 'ro', body: '{}' },
    expect: denied('scope_insufficient', 403, { credential: 'cookie' }),
  },
  {
    name: 'a password beside a session that may read does not go on',
    requirement: 'R11',
    request: { ...PATH, credential: password('admin'), session: 'ro' },
    expect: allowed(BY_SESSION, { credential: 'cookie' }),
  },
  ...(
    [
      ['in the header', { ...PATH, credential: password('bob') }],
      ['in the query', { ...PATH, query: 'os_username=bob&os_password=hunter2' }],
      [
        'in the body of a login',
        { method: 'POST', path: '/rest/auth/1/session', body: '{"username":"bob","password":"hunter2"}' },
      ],
    ] as const
  ).map(([where, request]): AccessCase => ({
    name: `with passwords disabled a session is no way past that for one ${where}`,
    requirement: ['R11', 'R43'],
    settings: { passwordsEnabled: false },
    request: { ...request, session: 'ro' },
    expect: denied('password_disabled', 401, { credential: 'password' }),
  })),
  {
    name: 'a session is no way for the product’s own token',
    requirement: ['R11', 'R53'],
    application: { kind: 'jira', nativeTokensDisabled: true },
    request: { ...PATH, credential: nativeToken(), session: 'ro' },
    expect: denied('native_token_disabled', 401),
  },
  {
    name: 'beside a token a session does not count, and does not go on',
    requirement: 'R11',
    request: { method: 'POST', path: '/rest/api/2/issue', credential: basicToken('alice', 'rw'), session: 'ro' },
    expect: allowed({ lacksHeaders: ['cookie'] }),
  },
];
