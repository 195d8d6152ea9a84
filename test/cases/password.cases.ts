import {
  allowed,
  authorization,
  basicToken,
  bearerToken,
  cookie,
  denied,
  invalid,
  nativeToken,
  passed,
  password,
  type AccessCase,
  type CaseSettings,
} from './access-case.js';

const REST = { path: '/rest/api/2/myself' } as const;
const PAGE = { path: '/secure/Dashboard.jspa' } as const;
const FORM = 'application/x-www-form-urlencoded';
const NO_PASSWORDS: CaseSettings = { passwordsEnabled: false };
const REFUSED = denied('password_disabled', 401);

/** Passwords on the way to the applications, and requests without a credential of ours. */
export const PASSWORD_CASES: readonly AccessCase[] = [
  {
    name: 'a password goes on with its Authorization line unchanged',
    requirement: 'R42',
    request: { ...REST, credential: password('alice', 'päss:wörd') },
    expect: passed(),
  },
  {
    name: 'a client cannot have the password taken off by the Connection line',
    requirement: 'R42',
    request: { ...REST, credential: password('alice'), headers: [['Connection', 'close, Authorization']] },
    expect: passed(),
  },
  {
    name: 'a password in another charset goes on byte for byte',
    requirement: 'R42',
    request: { ...REST, credential: authorization('Basic bfxsbGVyOng=') },
    expect: passed({}, { credential: 'password' }),
  },
  {
    name: 'a password in the query goes on',
    requirement: 'R42',
    request: { ...REST, query: 'os_username=alice&os_password=hunter2' },
    expect: passed({}, { credential: 'password' }),
  },
  ...(
    [
      ['jira', '/rest/api/2/myself'],
      ['confluence', '/rest/api/user/current'],
      ['confluence', '/rpc/xmlrpc'],
      ['confluence', '/rpc/anything'],
      ['bitbucket', '/rest/api/1.0/projects'],
      ['bitbucket', '/scm/app/server.git/info/refs'],
      ['generic', '/'],
    ] as const
  ).map(([kind, path]): AccessCase => ({
    name: `with passwords disabled one on ${kind} ${path} is refused`,
    requirement: 'R43',
    settings: NO_PASSWORDS,
    application: { kind, passwords: 'forward' },
    request: { path, credential: password('alice') },
    expect: REFUSED,
  })),
  {
    name: 'with passwords disabled one in another charset is refused',
    requirement: 'R43',
    settings: NO_PASSWORDS,
    request: { ...REST, credential: authorization('Basic bfxsbGVyOng=') },
    expect: denied('password_disabled', 401, { credential: 'password' }),
  },
  ...['os_username=alice&os_password=hunter2', 'x=1&os%5Fpassword=x&os%5Fusername=alice'].map((query): AccessCase => ({
    name: `with passwords disabled the query ${query} is refused`,
    requirement: 'R43',
    settings: NO_PASSWORDS,
    request: { ...REST, query },
    expect: denied('password_disabled', 401, { credential: 'password' }),
  })),
  ...(
    [
      ['jira', '/rest/api/2/myself'],
      ['confluence', '/rest/api/user/current'],
      ['confluence', '/rpc/anything'],
    ] as const
  ).flatMap(([kind, path]): AccessCase[] =>
    (
      [
        ['a form', undefined, 'os_username=alice&os_password=hunter2', FORM],
        ['a form with encoded names', undefined, 'x=1&os%5Fpassword=x&%6fs_username=alice', FORM],
        ['the query and a form', 'os_username=alice', 'os_password=hunter2', FORM],
        ['a form and the query', 'os_password=hunter2', 'os_username=alice', FORM],
        ['a form of another spelling', undefined, 'os_username=alice&os_password=x', `${FORM.toUpperCase()} ; a=b`],
        ['a form in a charset that hides it', undefined, 'x', `${FORM};charset=IBM500`],
        ['a form among several media types', undefined, 'os_username=a&os_password=x', `text/plain, ${FORM}`],
      ] as const
    ).map(([place, query, body, type]) => ({
      name: `with passwords disabled one in ${place} is refused at ${kind} ${path}`,
      requirement: 'R43',
      settings: NO_PASSWORDS,
      application: { kind },
      request: {
        method: 'POST',
        path,
        ...(query === undefined ? {} : { query }),
        headers: [['Content-Type', type] as const],
        body,
      },
      expect: denied('password_disabled', 401, { credential: 'password' }),
    })),
  ),
  {
    name: 'with passwords disabled one in the form of a PUT is refused, also beside a cookie',
    requirement: 'R43',
    settings: NO_PASSWORDS,
    request: {
      method: 'PUT',
      ...REST,
      credential: cookie(),
      headers: [['Content-Type', FORM]],
      body: 'os_username=alice&os_password=x',
    },
    expect: denied('password_disabled', 401, { credential: 'password' }),
  },
  ...(
    [
      ['on a page', 'jira', '/login.jsp', 'os_username=alice&os_password=hunter2'],
      ['at another product', 'bitbucket', '/rest/api/1.0/projects', 'os_username=alice&os_password=hunter2'],
      ['without a password', 'jira', '/rest/api/2/myself', 'os_username=alice&q=a%20b'],
    ] as const
  ).map(([where, kind, path, body]): AccessCase => ({
    name: `with passwords disabled a form ${where} goes on byte for byte`,
    requirement: ['R43', 'R45'],
    settings: NO_PASSWORDS,
    application: { kind },
    request: { method: 'POST', path, headers: [['Content-Type', FORM]], body },
    expect: passed({ body }, { credential: kind === 'jira' && path === '/login.jsp' ? 'password' : 'none' }),
  })),
  {
    name: 'a password in a form goes on while passwords are enabled',
    requirement: 'R42',
    request: { method: 'POST', ...REST, headers: [['Content-Type', FORM]], body: 'os_username=alice&os_password=x' },
    expect: passed({}, { credential: 'password' }),
  },
  {
    name: 'a password in a form is held to the allow list where passwords are',
    requirement: ['R37', 'R43'],
    settings: { allowList: ['192.0.2.1'], allowListAppliesToPasswords: true },
    request: { method: 'POST', ...REST, headers: [['Content-Type', FORM]], body: 'os_username=alice&os_password=x' },
    expect: denied('ip_not_allowed', 401, { credential: 'password' }),
  },
  {
    name: 'a token in the header and a password in a form are ambiguous',
    requirement: ['R43', 'R67'],
    request: {
      method: 'POST',
      ...REST,
      credential: basicToken('alice', 'rw'),
      headers: [['Content-Type', FORM]],
      body: 'os_username=bob&os_password=x',
    },
    expect: denied('credential_ambiguous', 400, { credential: 'none' }),
  },
  {
    name: 'a token in the header and a password in the query are ambiguous',
    requirement: 'R67',
    request: { ...REST, query: 'os_username=bob&os_password=x', credential: basicToken('alice', 'ro') },
    expect: denied('credential_ambiguous', 400, { credential: 'none' }),
  },
  {
    name: 'with passwords disabled a token works',
    requirement: 'R43',
    settings: NO_PASSWORDS,
    request: { ...REST, credential: basicToken('alice', 'ro') },
    expect: allowed(),
  },
  {
    name: 'with passwords disabled one on a page goes on',
    requirement: 'R45',
    settings: NO_PASSWORDS,
    request: { ...PAGE, credential: password('alice') },
    expect: passed(),
  },
  ...(
    [
      ['an anonymous request', undefined, 'none'],
      ['a browser’s cookie', cookie(), 'cookie'],
      ['another scheme', authorization('Digest username="alice", realm="x"'), 'none'],
      ['the product’s own token', nativeToken(), 'native-token'],
    ] as const
  ).map(([name, credential, kind]): AccessCase => ({
    name: `with passwords disabled ${name} goes on`,
    requirement: 'R45',
    settings: NO_PASSWORDS,
    request: { ...REST, ...(credential === undefined ? {} : { credential }) },
    expect: passed({}, { credential: kind }),
  })),
  {
    name: 'a token does not open a page',
    requirement: 'R45',
    request: { ...PAGE, credential: basicToken('alice', 'rw') },
    expect: denied('token_not_accepted', 401),
  },
  {
    name: 'a path that only looks like REST takes no token',
    requirement: 'R45',
    request: { path: '/restricted/x', credential: bearerToken('rw') },
    expect: denied('token_not_accepted', 401),
  },
  {
    name: 'an expired token on a page is called expired',
    requirement: 'R45',
    tokens: { old: { scope: 'read-only', expiresInMs: -1 } },
    request: { ...PAGE, credential: bearerToken('old') },
    expect: denied('token_expired', 401),
  },

  // An application that denies passwords.
  ...(
    [
      [undefined, '/', {}],
      [undefined, '/any/page', { method: 'DELETE' }],
      [undefined, '/%2e%2e/x', {}],
      ['allow', '/', {}],
      ['allow', '/x', { credential: password('', '') }],
      ['allow', '/x', { credential: authorization('Basic bfxsbGVyOng=') }],
    ] as const
  ).map(([anonymous, path, more]): AccessCase => ({
    name: `generic refuses a password on ${path} unless it says otherwise (${JSON.stringify({ anonymous, ...more })})`,
    requirement: 'R42',
    application: { kind: 'generic', ...(anonymous === undefined ? {} : { anonymous }) },
    request: { path, credential: password('bob', 'anything'), ...more },
    expect: denied('password_disabled', 401, { credential: 'password' }),
  })),
  {
    name: 'generic with denied passwords accepts a token',
    requirement: 'R42',
    application: { kind: 'generic', passwords: 'deny' },
    request: { path: '/x', credential: basicToken('alice', 'ro') },
    expect: allowed(),
  },
  {
    name: 'generic with denied passwords and anonymous access forwards a request without a credential',
    requirement: 'R42',
    application: { kind: 'generic', anonymous: 'allow', passwords: 'deny' },
    request: { path: '/x' },
    expect: passed(),
  },
  {
    name: 'generic with denied passwords challenges a request without a credential',
    requirement: ['R42', 'R45'],
    application: { kind: 'generic', passwords: 'deny' },
    request: { path: '/x' },
    expect: denied('authentication_required', 401),
  },
  ...(
    [
      ['jira', '/rest/api/2/myself', 'GET'],
      ['jira', '/rest/auth/1/session', 'POST'],
      ['confluence', '/rest/api/user/current', 'GET'],
      ['confluence', '/rpc/xmlrpc', 'POST'],
      ['bitbucket', '/rest/api/1.0/projects', 'GET'],
      ['bitbucket', '/scm/app/server.git/info/refs', 'GET'],
      ['jira', '/x/..;/rest/api/2/myself', 'GET'],
    ] as const
  ).map(([kind, path, method]): AccessCase => ({
    name: `a password that ${kind} denies is refused on ${path}`,
    requirement: 'R42',
    application: { kind, passwords: 'deny' },
    request: { method, path, credential: password('alice') },
    expect: REFUSED,
  })),
  ...(
    [
      ['in the query', { query: 'os_username=alice&os_password=hunter2' }],
      ['in a form', { method: 'POST', headers: [['Content-Type', FORM]], body: 'os_username=alice&os_password=x' }],
      ['in a login', { method: 'POST', path: '/rest/auth/1/session', body: '{"username":"alice","password":"x"}' }],
    ] as const
  ).map(([place, request]): AccessCase => ({
    name: `a password ${place} that jira denies is refused`,
    requirement: ['R42', 'R43'],
    application: { kind: 'jira', passwords: 'deny' },
    request: { ...REST, ...request },
    expect: denied('password_disabled', 401, { credential: 'password' }),
  })),
  {
    name: 'a password that jira denies is forwarded on a page',
    requirement: ['R42', 'R45'],
    application: { kind: 'jira', passwords: 'deny' },
    request: { ...PAGE, credential: password('alice') },
    expect: passed(),
  },
  {
    name: 'a password that confluence denies is forwarded to the Remote API if that is an exception',
    requirement: ['R42', 'R49'],
    application: { kind: 'confluence', passwords: 'deny', remoteApiPasswords: true },
    request: { method: 'POST', path: '/rpc/xmlrpc', credential: password('alice'), body: '<x/>' },
    expect: passed(),
  },
  {
    name: 'an exception for the Remote API says nothing about other paths of confluence',
    requirement: ['R42', 'R49'],
    application: { kind: 'confluence', passwords: 'deny', remoteApiPasswords: true },
    request: { path: '/rest/api/user/current', credential: password('alice') },
    expect: REFUSED,
  },

  // Credentials of the application’s own, although a credential is required.
  ...(
    [
      ['JWT', 'JWT eyJhbGciOiJIUzI1NiJ9.e30.x', ['JWT']],
      ['in another case', 'jwt x', ['JWT']],
      ['among several', 'AWS4-HMAC-SHA256 Credential=AKIA/20261129/eu/s3/aws4_request', ['JWT', 'AWS4-HMAC-SHA256']],
    ] as const
  ).map(([name, line, passSchemes]): AccessCase => ({
    name: `a scheme that the application names is forwarded as it is: ${name}`,
    requirement: 'R120',
    application: { kind: 'generic', passSchemes },
    request: { path: '/x', credential: authorization(line) },
    expect: passed({}, { credential: 'none' }),
  })),
  {
    name: 'Bearer of the application’s own is forwarded if it is named',
    requirement: 'R120',
    application: { kind: 'generic', passSchemes: ['Bearer'] },
    request: { path: '/x', credential: nativeToken() },
    expect: passed({}, { credential: 'native-token' }),
  },
  ...(
    [
      ['another scheme', authorization('Digest username="alice"'), 'none'],
      ['a scheme that only begins so', authorization('JWTx y'), 'none'],
      ['a scheme without a credential', authorization('JWT'), 'none'],
      ['a scheme with blanks behind it', authorization('JWT  '), 'none'],
      ['nothing', undefined, 'none'],
      ['a cookie', cookie(), 'cookie'],
      ['Bearer', nativeToken(), 'native-token'],
    ] as const
  ).map(([name, credential, kind]): AccessCase => ({
    name: `an application that names a scheme still challenges ${name}`,
    requirement: 'R120',
    application: { kind: 'generic', passSchemes: ['JWT'] },
    request: { path: '/x', ...(credential === undefined ? {} : { credential }) },
    expect: denied('authentication_required', 401, { credential: kind }),
  })),
  ...(
    [
      ['JWT <ro>', 'credential_misplaced', 401],
      ['JWT token="<ro>"', 'credential_misplaced', 401],
      ['JWT a, sg_x', 'credential_misplaced', 401],
    ] as const
  ).map(([line, code, status]): AccessCase => ({
    name: `a token in a scheme that is forwarded is misplaced all the same: ${line}`,
    requirement: ['R109', 'R120'],
    application: { kind: 'generic', passSchemes: ['JWT'] },
    request: { path: '/x', credential: authorization(line) },
    expect: denied(code, status, { credential: 'none' }),
  })),
  {
    name: 'a damaged token does not pass as a Bearer credential of the application',
    requirement: ['R36', 'R120'],
    application: { kind: 'generic', passSchemes: ['Bearer'] },
    request: { path: '/x', credential: authorization('Bearer sg_x') },
    expect: invalid('token_malformed', { credential: 'bearer-token' }),
  },
  {
    name: 'a read-only token gains nothing by a scheme that is forwarded',
    requirement: ['R03', 'R120'],
    application: { kind: 'generic', passSchemes: ['Bearer', 'JWT'] },
    request: { method: 'DELETE', path: '/x', credential: bearerToken('ro') },
    expect: denied('scope_insufficient', 403),
  },
  {
    name: 'a product’s own token is refused where those are disabled, although Bearer is named',
    requirement: ['R53', 'R120'],
    application: { kind: 'jira', anonymous: 'deny', passSchemes: ['Bearer'], nativeTokensDisabled: true },
    request: { ...REST, credential: nativeToken() },
    expect: denied('native_token_disabled', 401),
  },
  {
    name: 'a client cannot name a user beside a scheme that is forwarded',
    requirement: ['R45', 'R120'],
    application: { kind: 'generic', passSchemes: ['JWT'] },
    request: { path: '/x', credential: authorization('JWT x'), headers: [['X-Forwarded-User', 'admin']] },
    expect: passed({ lacksHeaders: ['x-forwarded-user'] }, { credential: 'none' }),
  },

  // Applications that refuse requests without a credential.
  ...(
    [
      ['nothing', undefined, 'none'],
      ['a cookie', cookie(), 'cookie'],
      ['another scheme', authorization('Digest username="alice"'), 'none'],
      ['a Bearer token of somebody else’s', nativeToken(), 'native-token'],
    ] as const
  ).map(([name, credential, kind]): AccessCase => ({
    name: `an application without anonymous access refuses ${name}`,
    requirement: 'R45',
    application: { kind: 'generic', anonymous: 'deny' },
    request: { path: '/x', ...(credential === undefined ? {} : { credential }) },
    expect: denied('authentication_required', 401, { credential: kind }),
  })),
  {
    name: 'an application without anonymous access takes a password that is forwarded',
    requirement: 'R42',
    application: { kind: 'generic', anonymous: 'deny', passwords: 'forward' },
    request: { path: '/x', credential: password('alice') },
    expect: passed(),
  },
  {
    name: 'an application without anonymous access takes a token',
    requirement: 'R02',
    application: { kind: 'generic', anonymous: 'deny' },
    request: { path: '/x', credential: bearerToken('ro') },
    expect: allowed(),
  },
];
