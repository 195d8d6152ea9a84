import type { ApplicationKind } from '@scopegate/product';
import {
  allowed,
  basicToken,
  bearerToken,
  cookie,
  denied,
  passed,
  password,
  type AccessCase,
  type CaseApplication,
} from './access-case.js';

const FILES: CaseApplication = {
  kind: 'jira',
  tokenPaths: [
    { path: '/secure/attachment/**' },
    { method: 'GET', path: '/sr/*' },
    { path: '/s/**' },
    { path: '/avatar*' },
  ],
};
const PAGES: CaseApplication = { kind: 'confluence', tokenPaths: [{ path: '/rpc/**' }, { path: '/download/*/x' }] };
const ACCOUNTS: CaseApplication = {
  kind: 'generic',
  blockedPaths: [
    { method: 'GET', path: '/users/current*' },
    { path: '/my/account' },
    { method: 'POST', path: '/keys/**' },
  ],
};

const NOT_REST = denied('token_not_accepted', 401);
const BLOCKED = denied('path_blocked', 403);

/** What makes or shows a credential of a product, with spellings that some server takes for it (R74). */
const MINTING: readonly (readonly [ApplicationKind, string, string])[] = [
  ['redmine', 'GET', '/users/current.json'],
  ['redmine', 'GET', '/users/current'],
  ['redmine', 'GET', '/users/%63urrent.xml'],
  ['redmine', 'GET', '/users%2Fcurrent.json'],
  ['redmine', 'GET', '//users//current.json'],
  ['redmine', 'GET', '/users/5.xml'],
  ['redmine', 'HEAD', '/users/5'],
  ['redmine', 'PUT', '/users/5.json'],
  ['redmine', 'POST', '/users.json'],
  ['redmine', 'POST', '/users/5/email_addresses.json'],
  ['redmine', 'GET', '/my/account.json'],
  ['redmine', 'GET', '/my%2faccount.json'],
  ['redmine', 'GET', '/my/api_key'],
  ['redmine', 'POST', '/my/api_key'],
  ['redmine', 'POST', '/oauth/token'],
  ['gitlab', 'GET', '/api/v4/personal_access_tokens'],
  ['gitlab', 'POST', '/api/v4/personal_access_tokens/self/rotate'],
  ['gitlab', 'POST', '/api/v4/user/personal_access_tokens'],
  ['gitlab', 'POST', '/api/v4/users/7/personal_access_tokens'],
  ['gitlab', 'POST', '/api/v4/users/7/impersonation_tokens'],
  ['gitlab', 'POST', '/api/v4/user/keys'],
  ['gitlab', 'POST', '/api/v4/user/keys.json'],
  ['gitlab', 'POST', '/api/v4/user%2Fkeys'],
  ['gitlab', 'POST', '/api/v4//user/%6beys'],
  ['gitlab', 'POST', '/api/v4/user/keys;x'],
  ['gitlab', 'POST', '/api/v4/users/7/keys'],
  ['gitlab', 'POST', '/api/v4/user/gpg_keys'],
  ['gitlab', 'POST', '/api/v4/projects/a%2Fb/deploy_tokens'],
  ['gitlab', 'POST', '/api/v4/groups/a/deploy_tokens'],
  ['gitlab', 'POST', '/api/v4/projects/7/deploy_keys'],
  ['gitlab', 'POST', '/api/v4/projects/7/deploy_keys/3/enable'],
  ['gitlab', 'POST', '/api/v4/projects/7/access_tokens'],
  ['gitlab', 'POST', '/api/v4/projects/7/triggers'],
  ['gitlab', 'POST', '/api/v4/users'],
  ['gitlab', 'PUT', '/api/v4/users/7'],
  ['gitlab', 'POST', '/api/graphql'],
  ['gitlab', 'POST', '/oauth/token'],
  ['gitlab', 'POST', '/a/b/c/-/settings/access_tokens'],
  ['gitea', 'POST', '/api/v1/users/alice/tokens'],
  ['gitea', 'GET', '/api/v1/users/alice/tokens'],
  ['gitea', 'POST', '/api/v1/users/alice%2Ftokens'],
  ['gitea', 'POST', '/api/v1/users/alice/%74okens'],
  ['gitea', 'POST', '/api/v1/user/keys'],
  ['gitea', 'POST', '/api/v1/user/keys/'],
  ['gitea', 'POST', '/api/v1/user/applications/oauth2'],
  ['gitea', 'PATCH', '/api/v1/user/applications/oauth2/3'],
  ['gitea', 'POST', '/api/v1/repos/a/b/keys'],
  ['gitea', 'PATCH', '/api/v1/admin/users/alice'],
  ['gitea', 'GET', '/api/v1/admin/runners/registration-token'],
  ['gitea', 'GET', '/v2/token'],
  ['gitea', 'POST', '/user/settings/applications'],
];

/** Token paths beside REST (R118), and paths that are blocked for tokens (R124). */
export const LISTED_PATH_CASES: readonly AccessCase[] = [
  ...(['ro', 'rw'] as const).flatMap((token) =>
    (
      [
        ['GET', '/secure/attachment/10100/screen%20shot.png'],
        ['HEAD', '/secure/attachment/10100/%C3%A4.png'],
        ['GET', '/sr/search.csv'],
        ['GET', '/avatar.png'],
      ] as const
    ).map(([method, path]): AccessCase => ({
      name: `${method} of the token path ${path} works with the token ${token}`,
      requirement: 'R118',
      application: FILES,
      request: { method, path, query: 'os_authType=basic', credential: basicToken('alice', token) },
      expect: allowed(),
    })),
  ),
  ...(
    [
      ['POST', '/secure/attachment/10100/x.png'],
      ['OPTIONS', '/secure/attachment/10100/x.png'],
      ['DELETE', '/secure/attachment/10100/x.png'],
      ['PROPFIND', '/secure/attachment/10100/x.png'],
      ['HEAD', '/sr/search.csv'],
      ['GET', '/sr/search.csv/x'],
      ['GET', '/secure/attachment'],
      ['GET', '/secure/attachment/'],
      ['GET', '/secure/Dashboard.jspa'],
      ['GET', '/Secure/attachment/10100/x.png'],
      // The application serves what stands after the mark.
      ['GET', '/s/x/_/secure/admin/ViewUsers.jspa'],
    ] as const
  ).map(([method, path]): AccessCase => ({
    name: `a token path takes no ${method} ${path}`,
    requirement: ['R45', 'R118'],
    application: FILES,
    request: { method, path, credential: bearerToken('rw') },
    expect: NOT_REST,
  })),
  ...(
    [
      '/secure/attachment/../admin/ViewUsers.jspa',
      '/secure/attachment/..%2fadmin',
      '/secure/attachment/x;/../admin',
      '/secure/attachment/%2e%2e/admin',
    ] as const
  ).map((path): AccessCase => ({
    name: `a token path does not lead to ${path}`,
    requirement: ['R48', 'R118'],
    application: FILES,
    request: { path, credential: bearerToken('rw') },
    expect: denied('path_ambiguous', 400),
  })),
  {
    name: 'a GET of a token path that asks to be a POST is refused',
    requirement: ['R12', 'R118'],
    application: FILES,
    request: {
      path: '/secure/attachment/1/x',
      credential: bearerToken('rw'),
      headers: [['X-HTTP-Method-Override', 'POST']],
    },
    expect: NOT_REST,
  },
  {
    name: 'a GET of a token path that asks to be a DELETE in its query is refused',
    requirement: ['R12', 'R118'],
    application: FILES,
    request: { path: '/secure/attachment/1/x', query: '_method=delete', credential: bearerToken('rw') },
    expect: NOT_REST,
  },
  {
    name: 'a session of a token reads a token path',
    requirement: ['R11', 'R118'],
    application: FILES,
    request: { path: '/secure/attachment/1/x', session: 'ro' },
    expect: allowed({ lacksHeaders: ['cookie'] }),
  },
  {
    name: 'a token that is limited to another application does not read a token path',
    requirement: 'R118',
    application: FILES,
    tokens: { far: { scope: 'read-only', applications: ['other'] } },
    request: { path: '/secure/attachment/1/x', credential: bearerToken('far') },
    expect: NOT_REST,
  },
  {
    name: 'a token path never opens the Remote API',
    requirement: ['R50', 'R118'],
    application: PAGES,
    request: { path: '/rpc/xmlrpc', credential: bearerToken('rw') },
    expect: denied('remote_api_needs_password', 401),
  },
  {
    name: 'a token path opens nothing else below /rpc/',
    requirement: ['R50', 'R118'],
    application: PAGES,
    request: { path: '/rpc/other', credential: bearerToken('rw') },
    expect: NOT_REST,
  },
  {
    name: 'a token path changes nothing for a password',
    requirement: 'R118',
    application: FILES,
    request: { path: '/secure/attachment/1/x', credential: password('alice') },
    expect: passed(),
  },

  ...(
    [
      ['GET', '/users/current'],
      ['GET', '/users/current.json'],
      ['HEAD', '/users/current.xml'],
      ['GET', '/users/current/'],
      ['GET', '/users/%63urrent'],
      ['GET', '/users//current.json'],
      ['GET', '/users/current%EF%BC%8Ejson'],
      ['GET', '/users/c%EF%BD%95rrent'],
      ['GET', '/users%EF%BC%8Fcurrent'],
      ['GET', '/users/cur%E2%80%8Brent'],
      ['PATCH', '/my/account'],
      ['GET', '/my/account/'],
      ['GET', '/my/account%20'],
      ['GET', '/my/account.'],
      ['POST', '/keys/1/2'],
    ] as const
  ).map(([method, path]): AccessCase => ({
    name: `${method} ${path} is blocked for a token`,
    requirement: 'R124',
    application: ACCOUNTS,
    request: { method, path, credential: bearerToken('rw') },
    expect: BLOCKED,
  })),
  ...(
    [
      ['GET', '/users/12'],
      ['PUT', '/users/current'],
      ['GET', '/users/current/issues'],
      ['GET', '/my/accounts'],
      ['GET', '/keys/1'],
      ['POST', '/keys'],
      ['GET', '/x/my/account'],
    ] as const
  ).map(([method, path]): AccessCase => ({
    name: `${method} ${path} is not blocked`,
    requirement: 'R124',
    application: ACCOUNTS,
    request: { method, path, credential: bearerToken('rw') },
    expect: allowed(),
  })),
  {
    name: 'a blocked path is refused to a session of a token',
    requirement: ['R11', 'R124'],
    application: { kind: 'jira', blockedPaths: [{ path: '/rest/api/2/myself' }] },
    request: { path: '/rest/api/2/myself', session: 'rw' },
    expect: BLOCKED,
  },
  {
    name: 'a blocked path comes before the state of the token',
    requirement: 'R124',
    application: ACCOUNTS,
    tokens: { old: { scope: 'read-write', revoked: true } },
    request: { path: '/my/account', credential: bearerToken('old') },
    expect: BLOCKED,
  },
  ...(
    [
      ['a password', password('alice')],
      ['a cookie', cookie()],
      ['no credential', undefined],
    ] as const
  ).map(([name, credential]): AccessCase => ({
    name: `a blocked path is open to ${name}`,
    requirement: 'R124',
    application: { ...ACCOUNTS, kind: 'jira' },
    request: { path: '/my/account', ...(credential === undefined ? {} : { credential }) },
    expect: passed(),
  })),
  {
    name: 'a POST that asks to be the blocked GET is blocked',
    requirement: ['R12', 'R124'],
    application: ACCOUNTS,
    request: {
      method: 'POST',
      path: '/users/current.json',
      credential: bearerToken('rw'),
      headers: [['X_HTTP_Method_Override', 'get']],
    },
    expect: BLOCKED,
  },
  {
    name: 'a POST whose query asks for the blocked GET is blocked',
    requirement: ['R12', 'R124'],
    application: ACCOUNTS,
    request: { method: 'POST', path: '/users/current', query: '_method=GET', credential: bearerToken('rw') },
    expect: BLOCKED,
  },
  ...(
    [
      ['a form', 'application/x-www-form-urlencoded', 'a=1&_method=get'],
      ['JSON', 'application/json', '{"_method":"GET"}'],
      ['a body that cannot be read', 'application/json; charset=utf-16', '{"a":1}'],
      ['a multipart body', 'multipart/form-data; boundary=b', '--b--'],
    ] as const
  ).map(([name, type, body]): AccessCase => ({
    name: `a POST that may ask for the blocked GET in ${name} is blocked`,
    requirement: ['R12', 'R124'],
    application: ACCOUNTS,
    request: {
      method: 'POST',
      path: '/users/current',
      credential: bearerToken('rw'),
      headers: [['Content-Type', type]],
      body,
    },
    expect: BLOCKED,
  })),
  {
    name: 'a POST beside a blocked GET goes on with its body',
    requirement: 'R124',
    application: ACCOUNTS,
    request: { method: 'POST', path: '/users/current', credential: bearerToken('rw'), body: '{"name":"x"}' },
    expect: allowed(),
  },

  ...(
    [
      ['jira', 'POST', '/rest/pat/latest/tokens'],
      ['jira', 'POST', '/rest/oauth2/latest/token'],
      ['jira', 'PUT', '/rest/api/2/user/password'],
      // The products drop such an ending.
      ['jira', 'PUT', '/rest/api/2/user/password.json'],
      ['confluence', 'POST', '/rest/pat/1.0/tokens'],
      ['confluence', 'POST', '/rest/api/user/current/password'],
      ['bitbucket', 'PUT', '/rest/access-tokens/latest/users/alice'],
      ['bitbucket', 'POST', '/rest/access-tokens/latest/users/alice/7'],
      ['bitbucket', 'PUT', '/rest/access-tokens/1.0/projects/APP/repos/server'],
      ['bitbucket', 'POST', '/rest/ssh/1.0/keys'],
      ['bitbucket', 'POST', '/rest/ssh/1.0/keys.json'],
      ['bitbucket', 'PUT', '/rest/keys/1.0/projects/APP/ssh/7/permission/PROJECT_WRITE'],
      ['bitbucket', 'POST', '/rest/keys/latest/projects/APP/repos/server/ssh'],
      ...MINTING,
    ] as const
  ).map(([kind, method, path]): AccessCase => ({
    name: `a read-write token makes or sees no other credential of ${kind} by ${method} ${path}`,
    requirement: ['R74', 'R124'],
    application: { kind },
    request: { method, path, credential: bearerToken('rw'), body: '{}' },
    expect: BLOCKED,
  })),
  ...(
    [
      ['jira', 'DELETE', '/rest/pat/latest/tokens/7'],
      ['bitbucket', 'DELETE', '/rest/access-tokens/latest/users/alice/7'],
      ['bitbucket', 'GET', '/rest/ssh/1.0/keys'],
      ['redmine', 'GET', '/users.json'],
      ['redmine', 'POST', '/issues.json'],
      ['gitlab', 'GET', '/api/v4/user'],
      ['gitlab', 'GET', '/api/v4/users/7'],
      ['gitlab', 'GET', '/api/v4/projects/a%2Fb/repository/files/lib%2Fkeys.rb'],
      ['gitlab', 'POST', '/api/v4/projects/7/issues'],
      ['gitea', 'GET', '/api/v1/user'],
      ['gitea', 'POST', '/api/v1/repos/a/b/issues'],
    ] as const
  ).map(([kind, method, path]): AccessCase => ({
    name: `a read-write token may ${method} ${path} of ${kind}`,
    requirement: ['R53', 'R124'],
    application: { kind },
    request: { method, path, credential: bearerToken('rw') },
    expect: allowed(),
  })),
  {
    name: 'a password makes the product’s own token while the switch is off',
    requirement: ['R53', 'R124'],
    application: { kind: 'jira' },
    request: { method: 'POST', path: '/rest/pat/latest/tokens', credential: password('alice'), body: '{"name":"x"}' },
    expect: passed(),
  },
];
