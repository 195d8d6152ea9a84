import {
  allowed,
  basicToken,
  bearerToken,
  cookie,
  denied,
  passed,
  password,
  type AccessCase,
  type CaseSettings,
} from './access-case.js';

const PREVENTED: CaseSettings = { passwordsEnabled: false, preventPathTraversal: true };
const NOT_PREVENTED: CaseSettings = { passwordsEnabled: false };
const AMBIGUOUS = denied('path_ambiguous', 400);

/** Paths that look like a page to the gateway, and that an upstream could read as REST. */
const TRAVERSALS = [
  '/secure/../rest/api/2/myself',
  '/secure/%2e%2e/rest/api/2/myself',
  '/secure/..%2frest/api/2/myself',
  '/secure/..;/rest/api/2/myself',
  '/secure/%252e%252e/rest/api/2/myself',
  '/secure;x=1/../rest/api/2/myself',
  '/secure/..%5crest/api/2/myself',
  '/s/abc/_/rest/api/2/myself',
] as const;

/** One path, several readings (R46, R48). */
export const PATH_CASES: readonly AccessCase[] = [
  ...TRAVERSALS.flatMap((path): AccessCase[] => [
    {
      name: `a token is refused on ${path}, whatever the switch`,
      requirement: 'R48',
      request: { path, credential: basicToken('alice', 'ro') },
      expect: AMBIGUOUS,
    },
    {
      name: `with the switch on a password is refused on ${path}`,
      requirement: 'R46',
      settings: PREVENTED,
      request: { path, credential: password('alice') },
      expect: AMBIGUOUS,
    },
    {
      name: `with the switch on an anonymous request is refused on ${path}`,
      requirement: 'R46',
      settings: PREVENTED,
      request: { path },
      expect: AMBIGUOUS,
    },
    {
      name: `with the switch off the ban on passwords holds on ${path}`,
      requirement: 'R46',
      settings: NOT_PREVENTED,
      request: { path, credential: password('alice') },
      expect: denied('password_disabled', 401),
    },
    {
      name: `with the switch off an anonymous request goes to ${path} as it is`,
      requirement: 'R46',
      settings: NOT_PREVENTED,
      request: { path, credential: cookie() },
      expect: passed(),
    },
  ]),
  {
    name: 'from REST to a page by dot segments a token is refused',
    requirement: ['R46', 'R48'],
    request: { path: '/rest/../secure/admin/ViewUsers.jspa', credential: bearerToken('rw') },
    expect: AMBIGUOUS,
  },
  {
    name: 'with the switch on a login is refused on a path with dot segments, so that no session is issued',
    requirement: 'R46',
    settings: PREVENTED,
    request: {
      method: 'POST',
      path: '/rest/auth/1/../1/session',
      body: '{"username":"alice","password":"hunter2"}',
    },
    expect: denied('path_ambiguous', 400, { credential: 'password' }),
  },
  {
    name: 'a path that is no URI is refused for everyone',
    requirement: 'R46',
    request: { path: '/secure/%zz', credential: cookie() },
    expect: AMBIGUOUS,
  },
  {
    name: 'a path with an encoded zero byte is refused for everyone',
    requirement: 'R46',
    request: { path: '/secure/x%00.jspa' },
    expect: AMBIGUOUS,
  },
  {
    name: 'a backslash is refused for everyone',
    requirement: ['R46', 'R67'],
    request: { path: '/secure/..\\rest/api/2/myself', credential: password('alice') },
    expect: denied('request_malformed', 400, { credential: 'none' }),
  },
  {
    name: 'what is judged is what is forwarded: unreserved characters plain, slashes merged',
    requirement: 'R48',
    request: { path: '/rest//api/%32/my%73elf', query: 'a=%zz&b=//', credential: bearerToken('ro') },
    expect: allowed({ path: '/rest/api/2/myself' }),
  },
  {
    name: 'reserved characters stay encoded, in upper case',
    requirement: 'R48',
    request: { path: '/rest/api/2/user%3a%c3%a9', credential: bearerToken('ro') },
    expect: allowed({ path: '/rest/api/2/user%3A%C3%A9' }),
  },
  {
    name: 'with the switch on a page goes on in its canonical form',
    requirement: 'R46',
    settings: PREVENTED,
    request: { path: '/secure//%44ashboard.jspa', credential: cookie() },
    expect: passed({ path: '/secure/Dashboard.jspa' }),
  },
  {
    name: 'without protection a path goes on as it came',
    requirement: 'R46',
    request: { path: '/secure//%44ashboard.jspa', credential: cookie() },
    expect: passed(),
  },
  ...(['jira', 'confluence', 'bitbucket'] as const).flatMap((kind): AccessCase[] =>
    ['/rest/a%2Fb', '/rest/a%25b'].map((path) => ({
      name: `${kind} takes no ${path} from a token`,
      requirement: 'R48',
      application: { kind },
      request: { path, credential: bearerToken('ro') },
      expect: AMBIGUOUS,
    })),
  ),
  {
    name: 'a generic application takes encoded slashes and percent signs byte for byte',
    requirement: 'R48',
    application: { kind: 'generic' },
    request: { path: '/@scope%2fpackage/100%25', credential: bearerToken('ro') },
    expect: allowed(),
  },
  {
    name: 'a generic application can be read like Tomcat, and then refuses encoded slashes',
    requirement: 'R48',
    application: { kind: 'generic', paths: 'tomcat' },
    request: { path: '/@scope%2fpackage', credential: bearerToken('ro') },
    expect: AMBIGUOUS,
  },
  {
    name: 'and then merges slashes',
    requirement: 'R48',
    application: { kind: 'generic', paths: 'tomcat' },
    request: { path: '/a//%62', credential: bearerToken('ro') },
    expect: allowed({ path: '/a/b' }),
  },
  ...(['/a/%2e%2e/b', '/a%2f..%2fb', '/a%252f%252e%252e%252fb', '/a/..%2fb'] as const).map((path): AccessCase => ({
    name: `encoded slashes make no dot segment: ${path}`,
    requirement: 'R48',
    application: { kind: 'generic' },
    request: { path, credential: bearerToken('ro') },
    expect: AMBIGUOUS,
  })),
  ...(['generic', 'jira'] as const).map((kind): AccessCase => ({
    name: `the mount itself sends no added slash (${kind})`,
    requirement: 'R113',
    application: { kind, anonymous: 'allow' },
    request: { path: '' },
    expect: passed(),
  })),
  {
    name: 'the mount itself takes a token and a query',
    requirement: 'R113',
    application: { kind: 'generic' },
    request: { path: '', query: 'query={me}', credential: bearerToken('ro') },
    expect: allowed(),
  },
  {
    name: 'a read-only token may not write to the mount itself',
    requirement: 'R113',
    application: { kind: 'generic' },
    request: { method: 'POST', path: '', body: '{}', credential: bearerToken('ro') },
    expect: denied('scope_insufficient', 403),
  },
  {
    name: 'an exception for / holds for the mount itself',
    requirement: ['R13', 'R113'],
    application: { kind: 'generic', exceptions: [{ method: 'POST', path: '/' }] },
    request: { method: 'POST', path: '', body: '{}', credential: bearerToken('ro') },
    expect: allowed(),
  },
  {
    name: 'a slash behind the mount stays a slash',
    requirement: 'R113',
    application: { kind: 'generic' },
    request: { path: '/', credential: bearerToken('ro') },
    expect: allowed(),
  },
  {
    name: 'a path that is blocked as / is blocked as the mount itself',
    requirement: 'R113',
    application: { kind: 'generic', blockedPaths: [{ path: '/' }] },
    request: { path: '', credential: bearerToken('rw') },
    expect: denied('path_blocked', 403),
  },
  {
    name: 'a token of Jira does not reach the mount itself, which is no REST path',
    requirement: ['R45', 'R113'],
    request: { path: '', credential: bearerToken('rw') },
    expect: denied('token_not_accepted', 401),
  },
  {
    name: 'a path that is refused is refused before its credential is looked at',
    requirement: ['R46', 'R48'],
    settings: { allowList: ['192.0.2.1'] },
    tokens: { dead: { scope: 'read-only', revoked: true } },
    request: { path: '/rest/../rest/x', credential: basicToken('bob', 'dead'), peer: '198.51.100.7' },
    expect: AMBIGUOUS,
  },
];
