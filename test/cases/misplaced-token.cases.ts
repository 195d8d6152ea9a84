import {
  allowed,
  authorization,
  basicToken,
  bearerToken,
  cookie,
  denied,
  letIn,
  passed,
  password,
  type AccessCase,
} from './access-case.js';

const REST = { path: '/rest/api/2/myself' } as const;
const PAGE = { path: '/secure/Dashboard.jspa' } as const;

const MISPLACED = denied('credential_misplaced', 401, {
  credential: 'none',
  detail: 'Send it as the password of HTTP Basic or as a Bearer token.',
});

/** Why only the pure decision shows what looks like a token and is not one. */
const NOT_PROXIED = 'On the gateway, every case holds that nothing with the beginning of a token reaches the upstream.';

const HEADERS = [
  ['X-API-Key', '<ro>'],
  ['x_api_key', '<ro>'],
  ['X.API.Key', '<ro>'],
  ['PRIVATE-TOKEN', '<ro>'],
  ['Private_Token', 'sg_anything'],
  ['X-Auth-Token', '"<ro>"'],
  ['X-Auth-Token', 'Bearer <ro>'],
  ['X-Access-Token', 'sgs_anything'],
  ['Api-Key', '<ro>'],
  ['apikey', '<ro>'],
  ['X-Gitlab-Token', '<ro>'],
  ['Job-Token', '<ro>'],
  ['X-Authorization', 'Token <ro>'],
] as const;

const QUERIES = [
  'access_token=<ro>',
  'private_token=<ro>',
  'api_key=<ro>',
  'token=<ro>',
  'token=sgs_anything',
  'TOKEN=<ro>',
  'a=b&acc%65ss%5Ftoken=%73g_x',
  'access-token=+<ro>',
  'token=%22<ro>%22',
  'token[]=<ro>',
  'a=b;token=<ro>',
  'token=x&token=<ro>',
  'os_username=<ro>&os_password=x',
  'os_username=<ro>',
  'os_username=alice&os_password=<ro>',
  'auth_token=<ro>',
] as const;

/** A token where none belongs (R109): refused in every mode, for every method, on every path. */
export const MISPLACED_TOKEN_CASES: readonly AccessCase[] = [
  ...HEADERS.map(([name, value]): AccessCase => ({
    name: `a token as ${name}: ${value} gets an answer that says where it belongs`,
    requirement: ['R36', 'R109'],
    request: { ...REST, headers: [[name, value]] },
    expect: MISPLACED,
  })),
  ...QUERIES.map((query): AccessCase => ({
    name: `a token in the query ${query} gets an answer that says where it belongs`,
    requirement: ['R36', 'R109'],
    request: { ...REST, query },
    expect: MISPLACED,
  })),
  ...[
    'access_token=<ro>',
    'private_token=<ro>',
    'api_key=<ro>',
    'token=<ro>',
    'os_username=<ro>',
    'os_username=alice&os_password=<ro>',
    'a=b&%74oken=%20%73g_x',
    'Token=sgs_x',
  ].flatMap((body): AccessCase[] =>
    (
      [
        ['jira', '/rest/api/2/myself', undefined],
        ['jira', '/login.jsp', cookie()],
        ['generic', '/x', bearerToken('rw')],
        ['bitbucket', '/rest/x', password('alice')],
      ] as const
    ).map(([kind, path, credential]) => ({
      name: `a token in the form ${body} at ${kind} ${path} gets an answer that says where it belongs`,
      requirement: ['R36', 'R109'],
      application: { kind },
      request: {
        method: 'POST',
        path,
        ...(credential === undefined ? {} : { credential }),
        headers: [['Content-Type', 'application/x-www-form-urlencoded; charset=UTF-8'] as const],
        body,
      },
      expect: MISPLACED,
    })),
  ),
  {
    name: 'a token in a multipart body is not looked for',
    requirement: 'R109',
    request: {
      method: 'POST',
      ...REST,
      credential: bearerToken('rw'),
      headers: [['Content-Type', 'multipart/form-data; boundary=b']],
      body: '--b\r\nContent-Disposition: form-data; name="token"\r\n\r\nsg_x\r\n--b--',
    },
    expect: allowed(),
    notProxied: NOT_PROXIED,
  },
  ...(['jira', 'confluence', 'bitbucket', 'generic'] as const).flatMap((kind): AccessCase[] =>
    [true, false].map((passwordsEnabled) => ({
      name: `a misplaced token does not reach ${kind} with passwords ${passwordsEnabled ? 'enabled' : 'disabled'}`,
      requirement: ['R36', 'R109'],
      settings: { passwordsEnabled },
      application: { kind },
      request: { method: 'POST', path: '/pages/x', query: 'private_token=<rw>', body: '{}' },
      expect: MISPLACED,
    })),
  ),
  ...(
    [
      ['a valid token', REST, basicToken('alice', 'ro')],
      ['a Bearer token', REST, bearerToken('rw')],
      ['a password', REST, password('alice')],
      ['a cookie on a page', PAGE, cookie()],
    ] as const
  ).flatMap(([name, place, credential]): AccessCase[] => [
    {
      name: `a token in a header beside ${name} is misplaced all the same`,
      requirement: ['R36', 'R109'],
      request: { ...place, credential, headers: [['PRIVATE-TOKEN', '<ro>']] },
      expect: MISPLACED,
    },
    {
      name: `a token in the query beside ${name} is misplaced all the same`,
      requirement: ['R36', 'R109'],
      request: { ...place, credential, query: 'access_token=<ro>' },
      expect: MISPLACED,
    },
  ]),
  ...(
    [
      ['User-Agent', 'curl sg_x'],
      ['X-Api-Keys', 'sg_x'],
      ['X-Auth-Token', 'xsg_y'],
      ['X-Atlassian-Token', 'no-check'],
      ['X-Note', 'sg_x'],
    ] as const
  ).map(([name, value]): AccessCase => ({
    name: `${name}: ${value} presents no token`,
    requirement: 'R109',
    request: { ...REST, headers: [[name, value]] },
    expect: passed({ headers: [[name, value]] }, { credential: 'none' }),
    notProxied: NOT_PROXIED,
  })),
  ...['q=sg_x', 'token=xsg_', 'tokens=sg_x', 'token', 'x=access_token%3Dsg_x'].map((query): AccessCase => ({
    name: `the query ${query} presents no token`,
    requirement: 'R109',
    request: { ...REST, query, credential: bearerToken('ro') },
    expect: allowed(),
    notProxied: NOT_PROXIED,
  })),
  {
    name: 'a token in the path, in a cookie and in JSON is not looked for',
    requirement: 'R109',
    request: {
      method: 'POST',
      path: '/rest/api/2/sg_x',
      credential: bearerToken('rw'),
      headers: [['Cookie', 'token=sg_x']],
      body: '{"token":"sg_x"}',
    },
    expect: allowed({ lacksHeaders: ['cookie'] }),
    notProxied: NOT_PROXIED,
  },
  {
    name: 'two Authorization lines are ambiguous, whatever stands elsewhere',
    requirement: ['R67', 'R109'],
    request: { ...REST, credential: authorization('Bearer <ro>', 'Bearer <ro>'), headers: [['X-API-Key', '<ro>']] },
    expect: denied('credential_ambiguous', 400, { credential: 'none' }),
  },
  ...(
    [
      ['in a header', { headers: [['X-API-Key', '<ro>']] }],
      ['in the query', { query: 'access_token=<ro>' }],
      ['under another scheme', { credential: authorization('Token <ro>') }],
      ['as a user name', { credential: password('<ro>', 'x') }],
    ] as const
  ).map(([place, request]): AccessCase => ({
    name: `the management API takes no token ${place}`,
    requirement: 'R109',
    application: 'management',
    request: { path: '/api/v1/me', ...request },
    expect: MISPLACED,
  })),
  {
    name: 'the management API takes a token in its place',
    requirement: 'R109',
    application: 'management',
    request: { path: '/api/v1/me', credential: bearerToken('ro') },
    expect: letIn(200),
  },
];
