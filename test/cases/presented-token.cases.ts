import {
  allowed,
  answeredHere,
  authorization,
  basicToken,
  denied,
  invalid,
  letIn,
  password,
  type AccessCase,
  type CaseCredential,
} from './access-case.js';

const READ = { path: '/rest/api/2/myself' } as const;
const OF_BASIC = { credential: 'basic-token' } as const;

/** A token in the place of the user name of HTTP Basic. */
function tokenAsUser(token: string, secret: string): CaseCredential {
  return { kind: 'basic', user: `<${token}>`, secret, scheme: 'Basic' };
}

/** The ways in which programs present a token (R121). */
export const PRESENTED_TOKEN_CASES: readonly AccessCase[] = [
  ...['oauth2', 'x-access-token', 'x-token-auth', '', 'OAuth2', 'X-Access-Token'].flatMap((name): AccessCase[] => [
    {
      name: `the user name ${JSON.stringify(name)} beside a token names no user`,
      requirement: 'R121',
      request: { ...READ, credential: basicToken(name, 'ro') },
      expect: allowed({}, OF_BASIC),
    },
    {
      name: `the user name ${JSON.stringify(name)} adds no rights to a token`,
      requirement: ['R03', 'R121'],
      request: { ...READ, method: 'DELETE', credential: basicToken(name, 'ro') },
      expect: denied('scope_insufficient', 403, OF_BASIC),
    },
  ]),
  ...['oauth', 'oauth2 ', ' oauth2', 'token', 'x-oauth-basic', 'admin', 'bob'].map((name): AccessCase => ({
    name: `the user name ${JSON.stringify(name)} beside a token names another user`,
    requirement: ['R44', 'R121'],
    request: { ...READ, credential: basicToken(name, 'ro') },
    expect: invalid('owner_mismatch', OF_BASIC),
  })),
  ...(
    [
      ['oauth2', 'alice', undefined],
      ['alice', '', undefined],
      ['', 'bob', 'mismatch'],
    ] as const
  ).map(([inHeader, inBody, result]): AccessCase => ({
    name: `the names ${JSON.stringify(inHeader)} and ${JSON.stringify(inBody)} beside one token are compared as one`,
    requirement: ['R04', 'R121'],
    request: {
      method: 'POST',
      path: '/rest/auth/1/session',
      credential: basicToken(inHeader, 'ro'),
      body: `{"username":"${inBody}","password":"<ro>"}`,
    },
    expect: result === undefined ? answeredHere() : invalid('owner_mismatch', OF_BASIC),
  })),
  ...['', 'x-oauth-basic'].flatMap((secret): AccessCase[] => [
    {
      name: `a token as the user name with the password ${JSON.stringify(secret)} is presented`,
      requirement: ['R109', 'R121'],
      request: { ...READ, credential: tokenAsUser('ro', secret) },
      expect: allowed({}, OF_BASIC),
    },
    {
      name: `a revoked token as the user name with the password ${JSON.stringify(secret)} is refused`,
      requirement: 'R121',
      tokens: { dead: { scope: 'read-write', revoked: true } },
      request: { ...READ, credential: tokenAsUser('dead', secret) },
      expect: denied('token_revoked', 401, OF_BASIC),
    },
    {
      name: `an unknown token as the user name with the password ${JSON.stringify(secret)} does not pass as a name`,
      requirement: ['R36', 'R121'],
      tokens: { stray: { scope: 'read-write', unknown: true } },
      request: { ...READ, credential: tokenAsUser('stray', secret) },
      expect: invalid('token_unknown', OF_BASIC),
    },
    {
      name: `a malformed token as the user name with the password ${JSON.stringify(secret)} does not go on`,
      requirement: ['R36', 'R121'],
      request: { ...READ, credential: password('sg_x', secret) },
      expect: invalid('token_malformed', OF_BASIC),
    },
    {
      name: `the management API takes a token as the user name with the password ${JSON.stringify(secret)}`,
      requirement: 'R121',
      application: 'management',
      request: { path: '/api/v1/me', credential: tokenAsUser('ro', secret) },
      expect: { ...letIn(200), ...OF_BASIC },
    },
  ]),
  ...['x', ' ', 'X-OAUTH-BASIC', 'x-oauth-basic ', '<rw>', '<ro>'].map((secret): AccessCase => ({
    name: `a token as the user name with the password ${JSON.stringify(secret)} is misplaced`,
    requirement: ['R109', 'R121'],
    request: { ...READ, credential: tokenAsUser('ro', secret) },
    expect: denied('credential_misplaced', 401, { credential: 'none', detail: 'the user name of HTTP Basic' }),
  })),
  {
    name: 'a token as the user name and another one as Bearer are ambiguous',
    requirement: ['R67', 'R121'],
    request: { ...READ, credential: authorization(`Basic ${Buffer.from('sg_x:').toString('base64')}`, 'Bearer <ro>') },
    expect: denied('credential_ambiguous', 400, { credential: 'none' }),
  },
  ...(
    [
      ['gitlab', 'PRIVATE-TOKEN', '<ro>'],
      ['redmine', 'X-Redmine-API-Key', '<ro>'],
      ['gitea', 'Authorization', 'token <ro>'],
    ] as const
  ).map(([kind, header, value]): AccessCase => ({
    name: `a client of ${kind} presents a token in ${header}, and it does not go upstream`,
    requirement: 'R121',
    application: { kind },
    request: { path: '/api/v4/projects', headers: [[header, value]] },
    expect: allowed({ lacksHeaders: ['authorization', header.toLowerCase()] }, { credential: 'bearer-token' }),
  })),
  ...(
    [
      ['gitlab', 'X-Redmine-API-Key'],
      ['redmine', 'PRIVATE-TOKEN'],
      ['gitea', 'PRIVATE-TOKEN'],
    ] as const
  ).map(([kind, header]): AccessCase => ({
    name: `a token in ${header} is misplaced at a ${kind}`,
    requirement: 'R109',
    application: { kind },
    request: { path: '/api/v4/projects', headers: [[header, '<ro>']] },
    expect: denied('credential_misplaced', 401, { credential: 'none' }),
  })),
];
