import {
  allowed,
  basicToken,
  bearerToken,
  cookie,
  denied,
  invalid,
  passed,
  password,
  type AccessCase,
  MALFORMED_AT_DOOR,
} from './access-case.js';

const SEARCH = { method: 'POST', path: '/rest/api/2/search' } as const;
const NO_SCOPE = denied('scope_insufficient', 403);

/** What a token's scope covers: methods, method overrides and the administrator's exceptions. */
export const SCOPE_CASES: readonly AccessCase[] = [
  ...(['GET', 'HEAD', 'OPTIONS'] as const).map((method): AccessCase => ({
    name: `a read-only token may ${method}`,
    requirement: 'R02',
    request: { method, path: '/rest/api/2/issue/A-1', query: 'fields=*all', credential: basicToken('alice', 'ro') },
    expect: allowed(),
  })),
  {
    name: 'a read-only token may GET as a Bearer token as well',
    requirement: 'R02',
    request: { path: '/rest/api/2/myself', credential: bearerToken('ro') },
    expect: allowed(),
  },
  ...(['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', 'REPORT', 'MERGE', 'LINK', 'PURGE', 'SEARCH'] as const).map(
    (method): AccessCase => ({
      name: `a read-only token may not ${method}`,
      requirement: 'R03',
      request: { method, path: '/rest/api/2/issue/A-1', credential: basicToken('alice', 'ro') },
      expect: NO_SCOPE,
    }),
  ),
  {
    name: 'a read-only token may not POST with a body, and the body stays here',
    requirement: 'R03',
    request: {
      method: 'POST',
      path: '/rest/api/2/issue',
      credential: bearerToken('ro'),
      body: '{"fields":{"summary":"x"}}',
    },
    expect: NO_SCOPE,
  },
  {
    name: 'the scope holds on every application, whatever its kind',
    requirement: 'R03',
    application: { kind: 'generic' },
    request: { method: 'DELETE', path: '/anything', credential: bearerToken('ro') },
    expect: NO_SCOPE,
  },
  ...(['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', 'REPORT'] as const).map((method): AccessCase => ({
    name: `a read-write token may ${method}`,
    requirement: 'R07',
    request: { method, path: '/rest/api/2/issue/A-1', credential: basicToken('alice', 'rw'), body: '{"a":1}' },
    expect: allowed(),
  })),
  {
    name: 'TRACE is refused with a read-write token',
    requirement: 'R07',
    request: { method: 'TRACE', path: '/rest/api/2/myself', credential: basicToken('alice', 'rw') },
    expect: denied('method_not_allowed', 405, { credential: 'none' }),
  },
  {
    name: 'TRACE is refused without any credential',
    requirement: 'R07',
    request: { method: 'TRACE', path: '/secure/Dashboard.jspa' },
    expect: denied('method_not_allowed', 405),
  },
  {
    name: 'CONNECT is refused',
    requirement: 'R07',
    request: { method: 'CONNECT', path: '/rest/api/2/myself', credential: basicToken('alice', 'rw') },
    expect: denied('method_not_allowed', 405, { credential: 'none' }),
    notProxied:
      'Node does not give CONNECT to a handler as a request: it is answered on the connection, before any mount.',
  },
  {
    name: 'one user, two tokens, one POST: the read-only one is refused',
    requirement: 'R08',
    request: { ...SEARCH, credential: bearerToken('ro'), body: '{"jql":""}' },
    expect: NO_SCOPE,
  },
  {
    name: 'one user, two tokens, one POST: the read-write one is let through',
    requirement: 'R08',
    request: { ...SEARCH, credential: bearerToken('rw'), body: '{"jql":""}' },
    expect: allowed(),
  },
  {
    name: 'a scope that an administrator chose is held against the owner',
    requirement: ['R08', 'R17'],
    tokens: { given: { scope: 'read-only', owner: 'bob', creator: 'admin' } },
    request: { ...SEARCH, credential: basicToken('bob', 'given') },
    expect: NO_SCOPE,
  },
  {
    name: 'a token made by an administrator works with its owner’s name',
    requirement: 'R17',
    tokens: { given: { scope: 'read-write', owner: 'bob', creator: 'admin' } },
    request: { ...SEARCH, credential: basicToken('bob', 'given') },
    expect: allowed({ user: 'bob' }),
  },
  {
    name: 'a token made by an administrator does not work with the administrator’s name',
    requirement: ['R17', 'R44'],
    tokens: { given: { scope: 'read-write', owner: 'bob', creator: 'admin' } },
    request: { ...SEARCH, credential: basicToken('admin', 'given') },
    expect: invalid('owner_mismatch'),
  },

  // R12
  ...(
    [
      ['X-HTTP-Method-Override', 'DELETE'],
      ['x-http-method', 'put'],
      ['X_METHOD_OVERRIDE', 'Patch'],
      ['X-Method-Override', 'GET, DELETE'],
      ['X-HTTP-Method-Override', 'brew'],
      ['X.HTTP.Method.Override', 'DELETE'],
      ['X-Method', 'DELETE'],
      ['X-REST-Method', 'MERGE'],
      ['X-HTTP-Verb', 'DELETE'],
      ['http_method_override', 'DELETE'],
    ] as const
  ).map(([name, value]): AccessCase => ({
    name: `a GET with ${name}: ${value} is no read`,
    requirement: 'R12',
    request: { path: '/rest/api/2/issue/A-1', credential: bearerToken('ro'), headers: [[name, value]] },
    expect: NO_SCOPE,
  })),
  ...[
    '_method=DELETE',
    'a=b&_METHOD=put',
    '%5Fmethod=patch',
    '_method[]=delete',
    'x=1;_method=DELETE',
    '_HttpMethod=DELETE',
    '%5fhttpmethod=PUT',
  ].map((query): AccessCase => ({
    name: `a GET with the query ${query} is no read`,
    requirement: 'R12',
    request: { path: '/rest/api/2/issue/A-1', query, credential: bearerToken('ro') },
    expect: NO_SCOPE,
  })),
  {
    name: 'an override does not make a POST a read',
    requirement: 'R12',
    request: { ...SEARCH, credential: bearerToken('ro'), headers: [['X-HTTP-Method-Override', 'GET']] },
    expect: NO_SCOPE,
  },
  {
    name: 'an override by another read leaves a read, and is not forwarded',
    requirement: 'R12',
    request: {
      path: '/rest/api/2/issue/A-1',
      credential: bearerToken('ro'),
      headers: [
        ['X-HTTP-Method-Override', 'head'],
        ['X-Kept', 'yes'],
      ],
    },
    expect: allowed({ lacksHeaders: ['x-http-method-override'], headers: [['X-Kept', 'yes']] }),
  },
  {
    name: 'the overriding headers of a read-write token go on unchanged: a MERGE did not become a creation',
    requirement: 'R12',
    request: {
      method: 'POST',
      path: '/rest/api/2/issue/A-1',
      query: '_method=MERGE',
      credential: bearerToken('rw'),
      headers: [
        ['X-HTTP-Method-Override', 'MERGE'],
        ['x-http-method', 'merge'],
        ['X-Method-Override', 'MERGE'],
        ['X-HTTP-Verb', 'MERGE'],
      ],
      body: '{"_method":"MERGE"}',
    },
    expect: allowed({
      headers: [
        ['X-HTTP-Method-Override', 'MERGE'],
        ['x-http-method', 'merge'],
        ['X-Method-Override', 'MERGE'],
        ['X-HTTP-Verb', 'MERGE'],
      ],
    }),
  },
  ...(
    [
      ['application/json', '{"_method":"DELETE"}'],
      ['application/json', '{"jql":"","\\u005fHttpMethod":"put"}'],
      ['application/json', '{"_method":"GET","_method":"DELETE"}'],
      ['application/json', '{"jql":'],
      ['application/json; charset=utf-16', '{"jql":""}'],
      ['application/x-www-form-urlencoded', 'jql=&%5fmethod=DELETE'],
      [
        'multipart/form-data; boundary=b',
        '--b\r\nContent-Disposition: form-data; name="_method"\r\n\r\nDELETE\r\n--b--',
      ],
      ['multipart/mixed; boundary=b', '--b--'],
    ] as const
  ).map(([type, body]): AccessCase => ({
    name: `an excepted POST of ${type} with ${body.replaceAll('\r\n', ' ')} is no read`,
    requirement: ['R12', 'R13'],
    application: { kind: 'jira', exceptions: [SEARCH] },
    request: { ...SEARCH, credential: bearerToken('ro'), headers: [['Content-Type', type]], body },
    expect: NO_SCOPE,
  })),
  {
    name: 'an excepted POST with a compressed body is no read, because the gateway cannot search it',
    requirement: ['R12', 'R13'],
    application: { kind: 'jira', exceptions: [SEARCH] },
    request: { ...SEARCH, credential: bearerToken('ro'), headers: [['Content-Encoding', 'gzip']], body: 'x' },
    expect: denied('scope_insufficient', 403, { detail: 'cannot search this body' }),
  },
  ...(
    [
      ['application/json', '{"jql":"_method","x":{"_method":"DELETE"}}'],
      ['application/json', '{"_method":"GET"}'],
      ['application/x-www-form-urlencoded', 'jql=x&x_method=DELETE'],
      ['text/xml', '<query>_method=DELETE</query>'],
    ] as const
  ).map(([type, body]): AccessCase => ({
    name: `an excepted POST of ${type} with ${body} is a read, and goes on byte for byte`,
    requirement: ['R12', 'R13'],
    application: { kind: 'jira', exceptions: [SEARCH] },
    request: { ...SEARCH, credential: bearerToken('ro'), headers: [['Content-Type', type]], body },
    expect: allowed(),
  })),
  {
    name: 'a read-write token sends a multipart body to an excepted path',
    requirement: ['R07', 'R12'],
    application: { kind: 'jira', exceptions: [SEARCH] },
    request: {
      ...SEARCH,
      credential: bearerToken('rw'),
      headers: [['Content-Type', 'multipart/form-data; boundary=b']],
      body: '--b--',
    },
    expect: allowed(),
  },
  {
    name: 'a password request keeps its overriding header',
    requirement: ['R12', 'R42'],
    request: {
      method: 'POST',
      path: '/rest/api/2/issue/A-1',
      credential: password('alice'),
      headers: [['X-HTTP-Method-Override', 'DELETE']],
    },
    expect: passed({ headers: [['X-HTTP-Method-Override', 'DELETE']] }),
  },

  // R13
  {
    name: 'an exception makes a POST a read',
    requirement: 'R13',
    application: { kind: 'jira', exceptions: [SEARCH] },
    request: { ...SEARCH, query: 'expand=names', credential: basicToken('alice', 'ro'), body: '{"jql":"x"}' },
    expect: allowed(),
  },
  {
    name: 'an exception counts on the canonical path',
    requirement: 'R13',
    application: { kind: 'jira', exceptions: [SEARCH] },
    request: { method: 'POST', path: '/rest//api/2/%73earch', credential: bearerToken('ro') },
    expect: allowed({ path: '/rest/api/2/search' }),
  },
  ...(['/rest/api/2/search/', '/rest/api/2/search/x', '/rest/api/2/Search', '/rest/api/3/search'] as const).map(
    (path): AccessCase => ({
      name: `an exception for /rest/api/2/search says nothing of ${path}`,
      requirement: 'R13',
      application: { kind: 'jira', exceptions: [SEARCH] },
      request: { method: 'POST', path, credential: bearerToken('ro') },
      expect: NO_SCOPE,
    }),
  ),
  {
    name: 'an exception is for its method alone',
    requirement: 'R13',
    application: { kind: 'jira', exceptions: [SEARCH] },
    request: { method: 'PUT', path: SEARCH.path, credential: bearerToken('ro') },
    expect: NO_SCOPE,
  },
  {
    name: 'a method override undoes an exception',
    requirement: ['R12', 'R13'],
    application: { kind: 'jira', exceptions: [SEARCH] },
    request: { ...SEARCH, credential: bearerToken('ro'), headers: [['X-HTTP-Method-Override', 'DELETE']] },
    expect: NO_SCOPE,
  },
  {
    name: 'a * stands for one whole segment',
    requirement: 'R13',
    application: { kind: 'confluence', exceptions: [{ method: 'POST', path: '/rest/api/contentbody/convert/*' }] },
    request: { method: 'POST', path: '/rest/api/contentbody/convert/view', credential: bearerToken('ro') },
    expect: allowed(),
  },
  {
    name: 'a * stands for no more than one segment',
    requirement: 'R13',
    application: { kind: 'confluence', exceptions: [{ method: 'POST', path: '/rest/api/contentbody/convert/*' }] },
    request: { method: 'POST', path: '/rest/api/contentbody/convert/view/x', credential: bearerToken('ro') },
    expect: NO_SCOPE,
  },
  {
    name: 'a ** at the end stands for all that follows',
    requirement: 'R13',
    application: { kind: 'generic', exceptions: [{ method: 'POST', path: '/query/**' }] },
    request: { method: 'POST', path: '/query/a/b/c', credential: bearerToken('ro') },
    expect: allowed(),
  },
  ...['/items/7%2Fdelete', '/items/7%2f..%2fadmin', '/items/7%3Fdelete', '/items/7%252Fdelete', '/items/%20'].map(
    (path): AccessCase => ({
      name: `a * does not stand for what a decoding upstream reads in ${path}`,
      requirement: 'R13',
      application: { kind: 'generic', exceptions: [{ method: 'POST', path: '/items/*' }] },
      request: { method: 'POST', path, credential: bearerToken('ro') },
      expect: path.includes('..') ? denied('path_ambiguous', 400) : NO_SCOPE,
    }),
  ),
  {
    name: 'a ** stands for an encoded slash too, since it stays below',
    requirement: 'R13',
    application: { kind: 'generic', exceptions: [{ method: 'POST', path: '/items/**' }] },
    request: { method: 'POST', path: '/items/7%2Fread', credential: bearerToken('ro') },
    expect: allowed(),
  },
  {
    name: 'a * stands for a segment with a blank or an umlaut',
    requirement: 'R13',
    application: { kind: 'generic', exceptions: [{ method: 'POST', path: '/items/*' }] },
    request: { method: 'POST', path: '/items/a%20%C3%A4', credential: bearerToken('ro') },
    expect: allowed(),
  },
  {
    name: 'an exception does not open a path that is not REST',
    requirement: ['R13', 'R45'],
    application: { kind: 'jira', exceptions: [{ method: 'POST', path: '/secure/Search.jspa' }] },
    request: { method: 'POST', path: '/secure/Search.jspa', credential: bearerToken('ro') },
    expect: denied('token_not_accepted', 401),
  },

  // What goes upstream with a token.
  {
    name: 'the client’s credentials and its word on who it is do not reach the upstream',
    requirement: 'R02',
    request: {
      path: '/rest/api/2/myself',
      credential: basicToken('alice', 'ro'),
      headers: [
        ['Cookie', 'JSESSIONID=1'],
        ['X-Forwarded-User', 'root'],
        ['x_forwarded_user', 'root'],
      ],
    },
    expect: allowed({ lacksHeaders: ['authorization', 'cookie', 'x_forwarded_user'] }),
    atDoor: MALFORMED_AT_DOOR,
  },
  {
    name: 'a client cannot have the identity taken off by the Connection line',
    requirement: 'R02',
    request: {
      path: '/rest/api/2/myself',
      credential: bearerToken('ro'),
      headers: [['Connection', 'close, X-Forwarded-User']],
    },
    expect: allowed(),
  },
  {
    name: 'a request without a token gets no identity',
    requirement: 'R45',
    request: { path: '/rest/api/2/myself', credential: cookie(), headers: [['X-Forwarded-User', 'admin']] },
    expect: passed({ lacksHeaders: ['x-forwarded-user'] }),
  },
];
