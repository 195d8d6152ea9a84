import {
  allowed,
  answeredHere,
  authorization,
  basicToken,
  bearerToken,
  denied,
  invalid,
  letIn,
  nativeToken,
  passed,
  password,
  type AccessCase,
  type CaseExpectation,
  type CaseForwarded,
} from './access-case.js';

const PATH = { path: '/rest/api/2/myself' } as const;
const WRITE = { method: 'POST', path: '/rest/api/2/issue', body: '{"fields":{}}' } as const;
const ENDPOINT = '/rest/auth/1/session';

/** A session goes upstream as its token does: with the identity, and without a cookie (R11). */
const AS_TOKEN: Omit<CaseForwarded, 'receives'> = { lacksHeaders: ['cookie', 'authorization'] };

const byCookie = (expected: CaseExpectation): CaseExpectation => ({ ...expected, credential: 'cookie' });

/** Ways to write the cookie of a session that some reader takes for the plain one. */
const DISGUISES: readonly (readonly [string, string])[] = [
  ['under another name', 'x=<cookie>'],
  ['without a name', '<cookie>'],
  ['in quotes', 'JSESSIONID="<cookie>"'],
  ['behind an unclosed quote', 'JSESSIONID="<cookie>'],
  ['with blanks around it', ' JSESSIONID= <cookie> ;'],
  ['after other cookies', 'a=1; b="2"; JSESSIONID=<cookie>'],
  ['behind a comma', 'a=1,JSESSIONID=<cookie>'],
  ['twice', 'JSESSIONID=<cookie>; other="<cookie>"'],
  ['beside a session of the upstream', 'JSESSIONID=0123456789ABCDEF0123456789ABCDEF; JSESSIONID=<cookie>'],
];

/** Cookies that are not the gateway's: it ignores them (R11). */
const OTHER_COOKIES: readonly (readonly [string, string])[] = [
  ['a session of the upstream', 'JSESSIONID=0123456789ABCDEF0123456789ABCDEF'],
  ['a load balancer’s cookie', 'BIGipServerpool_jira=1677787402.36895.0000; SERVERID=a-long-name-of-a-node-0001'],
  ['a session behind an unclosed quote', 'JSESSIONID="0123456789ABCDEF0123456789ABCDEF'],
  ['a name that looks like a session', 'sgs_name=1; SGS_x=2'],
];

/** Sessions of the gateway in the cookie of a request (R11). */
export const SESSION_CASES: readonly AccessCase[] = [
  {
    name: 'a session made with a read-only token reads',
    requirement: 'R11',
    request: { ...PATH, session: 'ro' },
    expect: allowed(AS_TOKEN),
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
    request: { ...WRITE, session: 'rw' },
    expect: allowed(AS_TOKEN),
  },
  ...DISGUISES.flatMap(([how, sessionCookie]): AccessCase[] => [
    {
      name: `a session ${how} is held to its token`,
      requirement: 'R11',
      request: { ...WRITE, session: 'ro', sessionCookie },
      expect: denied('scope_insufficient', 403, { credential: 'cookie' }),
    },
    {
      name: `a session ${how} reads, and does not go upstream`,
      requirement: 'R11',
      request: { ...PATH, session: 'ro', sessionCookie },
      expect: allowed(AS_TOKEN),
    },
  ]),
  ...OTHER_COOKIES.flatMap(([what, sessionCookie]): AccessCase[] => [
    {
      name: `${what} passes as it came`,
      requirement: ['R11', 'R45'],
      request: { ...WRITE, sessionCookie },
      expect: byCookie(passed({ headers: [['Cookie', sessionCookie]] })),
    },
    {
      name: `${what} goes on beside a password`,
      requirement: ['R11', 'R42'],
      request: { ...WRITE, credential: password('alice'), sessionCookie },
      expect: passed({ headers: [['Cookie', sessionCookie]] }),
    },
    {
      name: `${what} stays here beside a token`,
      requirement: 'R11',
      request: { ...WRITE, credential: basicToken('alice', 'rw'), sessionCookie },
      expect: allowed({ lacksHeaders: ['cookie'] }),
    },
  ]),
  {
    name: 'two different sessions are ambiguous',
    requirement: 'R11',
    request: { ...PATH, session: 'ro', sessionCookie: 'JSESSIONID=<cookie>; JSESSIONID=sgs_other' },
    expect: denied('credential_ambiguous', 400, { credential: 'none' }),
  },
  ...['sgs_', 'sgs_tooshort', '"sgs_x', '%73gs_x', `sgs_${'a'.repeat(12)}_${'b'.repeat(40)}_${'0'.repeat(6)}`].map(
    (value): AccessCase => ({
      name: `a value that only begins like a session is refused: ${value}`,
      requirement: 'R11',
      request: { ...PATH, sessionCookie: `a=1; JSESSIONID=${value}` },
      expect: invalid('token_malformed', { credential: 'cookie' }),
    }),
  ),
  {
    name: 'a session of a token that is not there any more is refused',
    requirement: ['R11', 'R65'],
    tokens: { gone: { scope: 'read-only', unknown: true } },
    request: { ...PATH, session: 'gone' },
    expect: invalid('token_unknown', { credential: 'cookie' }),
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
    requirement: ['R11', 'R36'],
    settings: { allowList: ['192.0.2.1'] },
    request: { ...PATH, session: 'ro' },
    expect: denied('ip_not_allowed', 401, { detail: '127.0.0.1' }),
  },
  {
    name: 'a session is held to the applications of its token',
    requirement: 'R11',
    tokens: { elsewhere: { scope: 'read-write', applications: ['other'] } },
    request: { ...PATH, session: 'elsewhere' },
    expect: denied('token_not_accepted', 401),
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
    name: 'a session is for REST paths alone, as its token is',
    requirement: ['R11', 'R45'],
    request: { path: '/secure/Dashboard.jspa', session: 'rw' },
    expect: denied('token_not_accepted', 401),
  },
  {
    name: 'a session works at a confluence as well, as its token does',
    requirement: 'R11',
    application: { kind: 'confluence' },
    request: { path: '/rest/api/content', session: 'ro' },
    expect: allowed(AS_TOKEN),
  },
  {
    name: 'a session does not work at the management API',
    requirement: 'R11',
    application: 'management',
    request: { path: '/api/v1/me', session: 'rw' },
    expect: denied('authentication_required', 401, { credential: 'cookie' }),
  },
  {
    name: 'at the management API a session beside a password is not looked at',
    requirement: 'R11',
    application: 'management',
    request: { path: '/api/v1/me', credential: password('alice', 'correct horse battery staple'), session: 'rw' },
    expect: letIn(200),
  },

  // Beside an Authorization line the line counts.
  {
    name: 'beside a password the session does not count, and does not go on',
    requirement: ['R11', 'R42'],
    request: { ...WRITE, credential: password('admin'), session: 'ro' },
    expect: passed({ lacksHeaders: ['cookie'] }),
  },
  {
    name: 'beside a password the other cookies go on as they came',
    requirement: ['R11', 'R42'],
    request: { ...WRITE, credential: password('admin'), session: 'ro', sessionCookie: 'a=1; J=<cookie>; b="2%20"' },
    expect: passed({ headers: [['Cookie', 'a=1; b="2%20"']] }),
  },
  {
    name: 'beside another scheme the session does not count, and does not go on',
    requirement: 'R11',
    request: { ...PATH, credential: authorization('Negotiate YIIabc'), session: 'ro' },
    expect: passed({ lacksHeaders: ['cookie'] }, { credential: 'none' }),
  },
  {
    name: 'beside the product’s own token the session does not count, and does not go on',
    requirement: ['R11', 'R53'],
    request: { ...PATH, credential: nativeToken(), session: 'ro' },
    expect: passed({ lacksHeaders: ['cookie'] }),
  },
  {
    name: 'an empty Authorization line presents nothing, so that the session counts',
    requirement: 'R11',
    request: { ...WRITE, credential: authorization(''), session: 'ro' },
    expect: denied('scope_insufficient', 403, { credential: 'cookie' }),
  },
  {
    name: 'with passwords disabled a session is no way past that for one in the header',
    requirement: ['R11', 'R43'],
    settings: { passwordsEnabled: false },
    request: { ...PATH, credential: password('bob'), session: 'ro' },
    expect: denied('password_disabled', 401),
  },
  {
    name: 'with passwords disabled a session is no way past that for one in the body of a login',
    requirement: ['R11', 'R43'],
    settings: { passwordsEnabled: false },
    request: { method: 'POST', path: ENDPOINT, body: '{"username":"bob","password":"hunter2"}', session: 'ro' },
    expect: denied('password_disabled', 401, { credential: 'password' }),
  },
  {
    name: 'a session is no way for the product’s own token',
    requirement: ['R11', 'R53'],
    application: { kind: 'jira', nativeTokensDisabled: true },
    request: { ...PATH, credential: nativeToken(), session: 'ro' },
    expect: denied('native_token_disabled', 401),
  },
  {
    name: 'a password in the query beside a session is a second credential',
    requirement: ['R11', 'R43'],
    request: { ...PATH, query: 'os_username=bob&os_password=hunter2', session: 'ro' },
    expect: denied('credential_ambiguous', 400, { credential: 'none' }),
  },
  {
    name: 'beside a token a session does not count, and does not go on',
    requirement: 'R11',
    request: { ...WRITE, credential: basicToken('alice', 'rw'), session: 'ro' },
    expect: allowed({ lacksHeaders: ['cookie'] }),
  },
  {
    name: 'beside a read-only token the session of a read-write one does not count',
    requirement: ['R08', 'R11'],
    request: { ...WRITE, credential: bearerToken('ro'), session: 'rw' },
    expect: denied('scope_insufficient', 403),
  },
  ...(
    [
      ['as the password of Basic', password('alice', '<cookie>'), 'basic-token'],
      ['as a Bearer token', { ...nativeToken('<cookie>') }, 'bearer-token'],
    ] as const
  ).map(([where, credential, kind]): AccessCase => ({
    name: `a session ${where} is no token, and does not go upstream`,
    requirement: ['R11', 'R36'],
    request: { ...PATH, credential, session: 'rw', sessionCookie: 'a=1' },
    expect: invalid('token_malformed', { credential: kind }),
  })),

  // At the endpoint itself.
  {
    name: 'a session shows its user at the endpoint',
    requirement: ['R04', 'R11'],
    request: { path: ENDPOINT, session: 'ro' },
    expect: byCookie(answeredHere()),
  },
  {
    name: 'a session of a read-only token may end itself',
    requirement: ['R04', 'R11'],
    request: { method: 'DELETE', path: ENDPOINT, session: 'ro' },
    expect: byCookie(answeredHere(204)),
    atDoor: denied('token_not_accepted', 401),
  },
  {
    name: 'a session of a read-only token may end itself under another name of the endpoint',
    requirement: ['R04', 'R11'],
    request: { method: 'DELETE', path: '/rest/auth/latest/session', session: 'ro' },
    expect: byCookie(answeredHere(204)),
    atDoor: denied('token_not_accepted', 401),
  },
  {
    name: 'a session of a read-only token ends nothing but itself',
    requirement: ['R06', 'R11'],
    request: { method: 'DELETE', path: '/rest/auth/1/websudo', session: 'ro' },
    expect: denied('scope_insufficient', 403),
  },
  {
    name: 'a session logs in again, and stays the one it is',
    requirement: ['R04', 'R11'],
    request: { method: 'POST', path: ENDPOINT, session: 'ro' },
    expect: byCookie(answeredHere()),
  },
  {
    name: 'an old session beside a login with a token in the body does not keep it from logging in',
    requirement: ['R04', 'R11'],
    tokens: { dead: { scope: 'read-only', revoked: true } },
    request: {
      method: 'POST',
      path: ENDPOINT,
      session: 'dead',
      body: '{"username":"alice","password":"<ro>"}',
    },
    expect: answeredHere(200, { credential: 'basic-token' }),
  },
  {
    name: 'a session beside a login with a password does not count, and does not go on',
    requirement: ['R11', 'R42'],
    request: {
      method: 'POST',
      path: ENDPOINT,
      session: 'ro',
      body: '{"username":"alice","password":"hunter2"}',
    },
    expect: passed({ lacksHeaders: ['cookie'] }, { credential: 'password' }),
  },
];
