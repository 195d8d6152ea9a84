import {
  allowed,
  answeredHere,
  basicToken,
  bearerToken,
  denied,
  invalid,
  passed,
  password,
  type AccessCase,
  type CaseSettings,
} from './access-case.js';

const SESSION = { method: 'POST', path: '/rest/auth/1/session' } as const;
const WITH_TOKEN = '{"username":"alice","password":"<ro>"}';
const WITH_PASSWORD = '{"username":"alice","password":"hunter2"}';
const NO_PASSWORDS: CaseSettings = { passwordsEnabled: false };

/** Logging in at jira's session endpoint (R04, R06, R43): a credential can stand in the body. */
export const SESSION_LOGIN_CASES: readonly AccessCase[] = [
  {
    name: 'a read-only token in the body logs in, and its secret stays here',
    requirement: 'R04',
    request: { ...SESSION, body: WITH_TOKEN },
    expect: answeredHere(200, { credential: 'basic-token' }),
  },
  {
    name: 'a read-only token in the header logs in',
    requirement: 'R04',
    request: { ...SESSION, credential: basicToken('alice', 'ro'), body: '{"username":"alice"}' },
    expect: answeredHere(),
  },
  {
    name: 'a Bearer token logs in without a body',
    requirement: 'R04',
    request: { ...SESSION, credential: bearerToken('ro') },
    expect: answeredHere(),
  },
  {
    name: 'the same token in header and body is one credential',
    requirement: 'R04',
    request: { ...SESSION, credential: basicToken('Alice', 'ro'), body: WITH_TOKEN },
    expect: answeredHere(),
  },
  {
    name: 'the same Bearer token in header and body is one credential',
    requirement: 'R04',
    request: { ...SESSION, credential: bearerToken('ro'), body: WITH_TOKEN },
    expect: answeredHere(),
  },
  {
    name: 'two tokens in header and body are ambiguous',
    requirement: 'R04',
    request: { ...SESSION, credential: basicToken('alice', 'rw'), body: WITH_TOKEN },
    expect: denied('credential_ambiguous', 400, { credential: 'none' }),
  },
  {
    name: 'a token in the header and a password in the body are ambiguous',
    requirement: 'R04',
    request: { ...SESSION, credential: bearerToken('ro'), body: WITH_PASSWORD },
    expect: denied('credential_ambiguous', 400, { credential: 'none' }),
  },
  {
    name: 'a password in the header and a token in the body are ambiguous',
    requirement: ['R04', 'R36'],
    request: { ...SESSION, credential: password('alice'), body: WITH_TOKEN },
    expect: denied('credential_ambiguous', 400, { credential: 'none' }),
  },
  {
    name: 'a body that names the password twice is ambiguous',
    requirement: ['R04', 'R36'],
    request: { ...SESSION, body: '{"username":"alice","password":"x","password":"<ro>"}' },
    expect: denied('credential_ambiguous', 400, { credential: 'none' }),
  },
  {
    name: 'a token in the body belongs to the name beside it',
    requirement: ['R04', 'R44'],
    request: { ...SESSION, body: '{"username":"bob","password":"<ro>"}' },
    expect: invalid('owner_mismatch', { credential: 'basic-token' }),
  },
  {
    name: 'a malformed token in the body is refused here',
    requirement: ['R04', 'R36'],
    request: { ...SESSION, body: '{"username":"alice","password":"sg_tooshort"}' },
    expect: invalid('token_malformed', { credential: 'basic-token' }),
  },
  {
    name: 'a token with a blank before it in the body of a login is judged as one',
    requirement: ['R04', 'R36'],
    request: { ...SESSION, body: '{"username":"alice","password":" sg_tooshort"}' },
    expect: invalid('token_malformed', { credential: 'basic-token' }),
  },
  {
    name: 'a token in the body is held to the allow list',
    requirement: ['R04', 'R34'],
    settings: { allowList: ['192.0.2.0/24'] },
    request: { ...SESSION, body: WITH_TOKEN, peer: '198.51.100.7' },
    expect: denied('ip_not_allowed', 401, { detail: '198.51.100.7', credential: 'basic-token' }),
  },
  {
    name: 'reading the session needs no exception',
    requirement: ['R02', 'R06'],
    request: { path: SESSION.path, credential: bearerToken('ro') },
    expect: answeredHere(),
  },
  ...(
    [
      ['DELETE', '/rest/auth/1/session'],
      ['PUT', '/rest/auth/1/session'],
      ['POST', '/rest/auth/1/session/x'],
      ['POST', '/rest/auth/1/session.xml'],
      ['POST', '/rest/auth/1/session.json/'],
      ['POST', '/rest/auth/2/session'],
      ['POST', '/rest/auth/1.1/session'],
      ['POST', '/rest/auth/LATEST/session'],
      ['DELETE', '/rest/auth/latest/session'],
      ['DELETE', '/rest/auth/2/session'],
      ['POST', '/rest/auth/1/Session'],
      ['POST', '/rest/auth/1/websudo'],
      ['DELETE', '/rest/auth/1/websudo'],
    ] as const
  ).map(([method, path]): AccessCase => ({
    name: `the exception is no exception for ${method} ${path}`,
    requirement: 'R06',
    request: { method, path, credential: basicToken('alice', 'ro') },
    expect: denied('scope_insufficient', 403),
  })),
  {
    name: 'the exception holds for the canonical path, however it was written',
    requirement: 'R06',
    request: { method: 'POST', path: '/rest//auth/1/%73ession', body: WITH_TOKEN },
    expect: answeredHere(200, { path: SESSION.path, credential: 'basic-token' }),
  },
  {
    name: 'a method override undoes the exception',
    requirement: ['R06', 'R12'],
    request: { ...SESSION, credential: bearerToken('ro'), headers: [['X-HTTP-Method-Override', 'DELETE']] },
    expect: denied('scope_insufficient', 403),
  },
  ...(['confluence', 'bitbucket', 'generic'] as const).map((kind): AccessCase => ({
    name: `the exception is jira's: a ${kind} has none`,
    requirement: 'R06',
    application: { kind },
    request: { ...SESSION, credential: bearerToken('ro') },
    expect: denied('scope_insufficient', 403),
  })),
  ...['1', '1.0', 'latest']
    .flatMap((version) => ['', '/', '.json'].map((ending) => `/rest/auth/${version}/session${ending}`))
    .flatMap((path): AccessCase[] => [
      {
        name: `a read-only token in the body logs in at ${path}`,
        requirement: 'R04',
        request: { method: 'POST', path, body: WITH_TOKEN },
        expect: answeredHere(200, { credential: 'basic-token' }),
      },
      {
        name: `a read-only token in the header logs in at ${path}`,
        requirement: 'R04',
        request: { method: 'POST', path, credential: bearerToken('ro') },
        expect: answeredHere(),
      },
    ]),
  ...['/rest/auth/2/session', '/rest/auth/1/session.xml'].flatMap((path): AccessCase[] => [
    {
      name: `a token is taken from the body at the endpoint alone, not at ${path}, where the secret would go on`,
      requirement: ['R04', 'R36'],
      request: { method: 'POST', path, body: '{"username":"alice","password":"<rw>"}' },
      expect: denied('token_not_accepted', 401, { credential: 'basic-token' }),
    },
    {
      name: `the secret in a body does not go on at ${path} because it stands in the header as well`,
      requirement: ['R04', 'R36'],
      request: {
        method: 'POST',
        path,
        credential: basicToken('alice', 'rw'),
        body: '{"username":"alice","password":"<rw>"}',
      },
      expect: denied('token_not_accepted', 401),
    },
    {
      name: `no session of the upstream is made with a read-write token at ${path}`,
      requirement: ['R06', 'R11'],
      request: { method: 'POST', path, credential: basicToken('alice', 'rw'), body: '{"username":"alice"}' },
      expect: denied('token_not_accepted', 401),
    },
    {
      name: `no session of the upstream is made with a read-only token by an exception for ${path}`,
      requirement: ['R11', 'R13'],
      application: { kind: 'jira', exceptions: [{ method: 'POST', path }] },
      request: { method: 'POST', path, credential: basicToken('alice', 'ro') },
      expect: denied('token_not_accepted', 401),
    },
    {
      name: `a token may read at ${path}`,
      requirement: 'R02',
      request: { path, credential: basicToken('alice', 'ro') },
      expect: allowed(),
    },
  ]),
  ...(
    [
      ['without a name', '{"password":"<ro>"}'],
      ['beside an invalid name', '{"username":7,"password":"<ro>"}'],
      ['in the place of the name', '{"username":"<ro>","password":"x"}'],
      ['under the name in another case', '{"username":"alice","Password":"<ro>"}'],
      ['in a body that is not strict JSON', "{'username':'alice','password':'<ro>'}"],
      ['in a form', 'username=alice&password=<ro>'],
    ] as const
  ).map(([where, body]): AccessCase => ({
    name: `a token in the body ${where} does not go on as a password`,
    requirement: 'R36',
    request: { ...SESSION, body },
    expect: denied('credential_misplaced', 401, { credential: 'none' }),
  })),

  // R43
  {
    name: 'a password in the body is the upstream’s to judge while passwords are enabled',
    requirement: 'R42',
    request: { ...SESSION, body: WITH_PASSWORD },
    expect: passed({}, { credential: 'password' }),
  },
  ...(
    ['/rest/auth/1/session', '/rest/auth/latest/session', '/rest/auth/1/session/', '/rest/auth/1/session.json'] as const
  ).map((path): AccessCase => ({
    name: `with passwords disabled a password in the body of ${path} is refused`,
    requirement: 'R43',
    settings: NO_PASSWORDS,
    request: { method: 'POST', path, body: WITH_PASSWORD },
    expect: denied('password_disabled', 401, { credential: 'password' }),
  })),
  {
    name: 'a body that cannot be read counts as a password',
    requirement: 'R43',
    settings: NO_PASSWORDS,
    request: { ...SESSION, body: "{username:'alice',password:'hunter2'}" },
    expect: denied('password_disabled', 401, { credential: 'password' }),
  },
  {
    name: 'with passwords disabled a token in the body still logs in',
    requirement: ['R04', 'R43'],
    settings: NO_PASSWORDS,
    request: { ...SESSION, body: WITH_TOKEN },
    expect: answeredHere(200, { credential: 'basic-token' }),
  },
  {
    name: 'a request without any body is anonymous',
    requirement: 'R45',
    settings: NO_PASSWORDS,
    request: SESSION,
    expect: passed(),
  },
];
