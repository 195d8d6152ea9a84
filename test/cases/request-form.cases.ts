import {
  allowed,
  authorization,
  basicToken,
  bearerToken,
  denied,
  invalid,
  passed,
  type AccessCase,
} from './access-case.js';

const PATH = { path: '/rest/api/2/myself' } as const;

/** The form of the request and of its Authorization header (R67). */
export const REQUEST_FORM_CASES: readonly AccessCase[] = [
  {
    name: 'a hundred header lines are taken',
    requirement: 'R67',
    request: { ...PATH, credential: bearerToken('ro'), lineCount: 100 },
    expect: allowed(),
  },
  {
    name: 'a hundred and one header lines are too many',
    requirement: 'R67',
    request: { ...PATH, credential: bearerToken('ro'), lineCount: 101 },
    expect: denied('headers_too_large', 431, { credential: 'none' }),
  },
  {
    name: 'two Host lines are refused',
    requirement: 'R67',
    request: { ...PATH, credential: bearerToken('ro'), headers: [['Host', 'elsewhere.example']] },
    expect: denied('request_malformed', 400, { credential: 'none' }),
  },
  {
    name: 'a request without a Host line is refused',
    requirement: 'R67',
    request: { ...PATH, withoutHost: true },
    expect: denied('request_malformed', 400),
  },
  {
    name: 'a version of HTTP that is not spoken here is refused',
    requirement: 'R67',
    request: { ...PATH, credential: bearerToken('ro'), httpVersion: '2.0' },
    expect: denied('http_version_unsupported', 505, { publicCode: 'request_malformed', credential: 'none' }),
  },
  {
    name: 'a transfer coding other than chunked is refused',
    requirement: 'R67',
    request: {
      method: 'POST',
      ...PATH,
      credential: bearerToken('rw'),
      headers: [['Transfer-Encoding', 'identity, chunked']],
      body: '0\r\n\r\n',
    },
    expect: denied('request_malformed', 400, { credential: 'none' }),
  },
  {
    name: 'a transfer coding in HTTP/1.0 is refused',
    requirement: 'R67',
    request: {
      method: 'POST',
      ...PATH,
      httpVersion: '1.0',
      headers: [['Transfer-Encoding', 'chunked']],
      body: '0\r\n\r\n',
    },
    expect: denied('request_malformed', 400),
  },

  // The Authorization header.
  ...(['bAsIc', 'BASIC'] as const).map((scheme): AccessCase => ({
    name: `the scheme ${scheme} is Basic`,
    requirement: 'R67',
    request: { ...PATH, credential: { kind: 'basic', user: 'alice', secret: '<ro>', scheme } },
    expect: allowed(),
  })),
  {
    name: 'the scheme bearer is Bearer',
    requirement: 'R67',
    request: { ...PATH, credential: authorization('bearer <ro>') },
    expect: allowed({}, { credential: 'bearer-token' }),
  },
  ...([true, false] as const).flatMap((passwordsEnabled): AccessCase[] =>
    ['Basic', 'Basic !!!!', 'Basic YWxpY2U=', 'Basic YWxp Y2U6dG9r', 'Basic YWxpY2U6dG8', 'Bearer', 'Bearer a,b'].map(
      (line) => ({
        name: `"${line}" is malformed with passwords ${passwordsEnabled ? 'enabled' : 'disabled'}`,
        requirement: 'R67',
        settings: { passwordsEnabled },
        request: { ...PATH, credential: authorization(line) },
        expect: invalid('credential_malformed', { credential: 'none' }),
      }),
    ),
  ),
  {
    name: 'a malformed credential is not forwarded to a page either',
    requirement: 'R67',
    request: { path: '/secure/Dashboard.jspa', credential: authorization('Basic !!!!') },
    expect: invalid('credential_malformed', { credential: 'none' }),
  },
  {
    name: 'two Authorization lines are ambiguous, also where both are the same',
    requirement: 'R67',
    request: { ...PATH, credential: authorization('Bearer <ro>', 'Bearer <ro>') },
    expect: denied('credential_ambiguous', 400, { credential: 'none' }),
  },
  {
    name: 'two Authorization lines are ambiguous, also where one is empty',
    requirement: 'R67',
    request: { ...PATH, credential: authorization('', 'Bearer <ro>') },
    expect: denied('credential_ambiguous', 400, { credential: 'none' }),
  },
  {
    name: 'an empty Authorization line counts as no line',
    requirement: ['R45', 'R67'],
    request: { ...PATH, credential: authorization('') },
    expect: passed({}, { credential: 'none' }),
  },
  {
    name: 'the same failed credential so many times over is throttled',
    requirement: 'R67',
    settings: { maxFailures: 2 },
    tokens: { stray: { scope: 'read-only', unknown: true } },
    request: { ...PATH, credential: basicToken('mallory', 'stray'), times: 3 },
    expect: denied('too_many_failures', 429),
    notPure: 'Failures are counted at the edge, over several requests.',
  },
];
