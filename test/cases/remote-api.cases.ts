import {
  bearerToken,
  basicToken,
  cookie,
  denied,
  passed,
  password,
  type AccessCase,
  type CaseApplication,
} from './access-case.js';

const CONFLUENCE: CaseApplication = { kind: 'confluence' };
const EXCEPTED: CaseApplication = { kind: 'confluence', remoteApiPasswords: true };
const CALL = '<?xml version="1.0"?><methodCall/>';

/** Confluence's Remote API (R49, R50). */
export const REMOTE_API_CASES: readonly AccessCase[] = [
  ...(['/rpc/xmlrpc', '/rpc/soap-axis/confluenceservice-v2', '/rpc/json-rpc/confluenceservice-v2'] as const).flatMap(
    (path): AccessCase[] => [
      {
        name: `with the exception a password reaches ${path}`,
        requirement: 'R49',
        settings: { passwordsEnabled: false },
        application: EXCEPTED,
        request: { method: 'POST', path, credential: password('alice'), body: CALL },
        expect: passed(),
      },
      {
        name: `without the exception no password reaches ${path}`,
        requirement: ['R43', 'R49'],
        settings: { passwordsEnabled: false },
        application: CONFLUENCE,
        request: { method: 'POST', path, credential: password('alice'), body: CALL },
        expect: denied('password_disabled', 401),
      },
      {
        name: `a token is not taken on ${path}`,
        requirement: 'R50',
        application: EXCEPTED,
        request: { method: 'POST', path, credential: basicToken('alice', 'rw'), body: CALL },
        expect: denied('remote_api_needs_password', 401),
      },
    ],
  ),
  ...(['/rpc/other', '/rpc', '/rpc/xmlrpc/x', '/rpc/soap-axis/', '/rpc/xmlrpcs', '/rest/api/content'] as const).map(
    (path): AccessCase => ({
      name: `the exception does not reach ${path}`,
      requirement: 'R49',
      settings: { passwordsEnabled: false },
      application: EXCEPTED,
      request: { method: 'POST', path, credential: password('alice'), body: CALL },
      expect: denied('password_disabled', 401),
    }),
  ),
  ...(['/rpc/xmlrpc/../other', '/rpc/xmlrpc;x=1', '/rpc/%2e/xmlrpc'] as const).map((path): AccessCase => ({
    name: `the exception is for a path beyond doubt, not for ${path}`,
    requirement: ['R46', 'R49'],
    settings: { passwordsEnabled: false },
    application: EXCEPTED,
    request: { method: 'POST', path, credential: password('alice'), body: CALL },
    expect: denied('password_disabled', 401),
  })),
  {
    name: 'elsewhere under /rpc/ a token is not accepted',
    requirement: ['R45', 'R50'],
    application: CONFLUENCE,
    request: { method: 'POST', path: '/rpc/other', credential: bearerToken('rw') },
    expect: denied('token_not_accepted', 401),
  },
  {
    name: 'a password in the query reaches the Remote API by the exception as well',
    requirement: 'R49',
    settings: { passwordsEnabled: false },
    application: EXCEPTED,
    request: {
      method: 'POST',
      path: '/rpc/json-rpc/confluenceservice-v2',
      query: 'os_username=alice&os_password=hunter2',
      body: '{}',
    },
    expect: passed({}, { credential: 'password' }),
  },
  {
    name: 'a cookie reaches the Remote API without the exception',
    requirement: 'R45',
    settings: { passwordsEnabled: false },
    application: CONFLUENCE,
    request: { method: 'POST', path: '/rpc/xmlrpc', credential: cookie(), body: CALL },
    expect: passed(),
  },
];
