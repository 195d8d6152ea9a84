import {
  allowed,
  bearerToken,
  cookie,
  denied,
  nativeToken,
  passed,
  password,
  type AccessCase,
  type CaseApplication,
} from './access-case.js';

const JIRA: CaseApplication = { kind: 'jira', nativeTokensDisabled: true };
const NO_MANAGEMENT = denied('native_token_management_disabled', 403);

/** The product's own personal access tokens, switched off (R53). */
export const NATIVE_TOKEN_CASES: readonly AccessCase[] = [
  ...(
    [
      ['jira', '/rest/pat/latest/tokens'],
      ['jira', '/rest/pat/1.0/tokens/7'],
      ['jira', '/rest/pat'],
      ['confluence', '/rest/pat/latest/tokens'],
      ['bitbucket', '/rest/access-tokens/latest/users/alice'],
      ['bitbucket', '/rest/access-tokens/1.0/projects/APP'],
      ['jira', '/rest//pat/latest/tokens'],
      ['jira', '/rest/p%61t/latest/tokens'],
    ] as const
  ).map(([kind, path]): AccessCase => ({
    name: `the management of ${kind}'s own tokens at ${path} is closed to a token`,
    requirement: 'R53',
    application: { kind, nativeTokensDisabled: true },
    request: { path, credential: bearerToken('ro') },
    expect: NO_MANAGEMENT,
  })),
  ...(
    [
      ['a password', password('admin')],
      ['a cookie', cookie()],
      ['the product’s own token', nativeToken()],
    ] as const
  ).map(([name, credential]): AccessCase => ({
    name: `the management of the product's own tokens is closed to ${name}`,
    requirement: 'R53',
    application: JIRA,
    request: { method: 'POST', path: '/rest/pat/latest/tokens', credential, body: '{"name":"x"}' },
    expect: NO_MANAGEMENT,
  })),
  ...(
    [
      '/secure/../rest/pat/latest/tokens',
      '/rest/x/..;/pat/latest/tokens',
      '/s/x/_/rest/pat/latest/tokens',
      '/rest/%EF%BD%90at/latest/tokens',
      '/rest/p%E2%80%8Bat/latest/tokens',
      '/rest%EF%BC%8Fpat/latest/tokens',
    ] as const
  ).map((path): AccessCase => ({
    name: `the management is closed in every plausible reading: ${path}`,
    requirement: 'R53',
    application: JIRA,
    request: { path, credential: cookie() },
    expect: NO_MANAGEMENT,
  })),
  {
    name: 'the management is open while the switch is off',
    requirement: 'R53',
    application: { kind: 'jira' },
    request: { path: '/rest/pat/latest/tokens', credential: bearerToken('ro') },
    expect: allowed(),
  },
  {
    name: 'a path that only begins like the management is open',
    requirement: 'R53',
    application: JIRA,
    request: { path: '/rest/patterns/1', credential: bearerToken('ro') },
    expect: allowed(),
  },
  {
    name: 'the product’s own token is refused on REST paths',
    requirement: 'R53',
    application: JIRA,
    request: { path: '/rest/api/2/myself', credential: nativeToken() },
    expect: denied('native_token_disabled', 401),
  },
  {
    name: 'the product’s own token is refused where one plausible reading is REST',
    requirement: 'R53',
    application: JIRA,
    request: { path: '/secure/..;/rest/api/2/myself', credential: nativeToken() },
    expect: denied('native_token_disabled', 401),
  },
  {
    name: 'the product’s own token goes on to a page',
    requirement: 'R53',
    application: JIRA,
    request: { path: '/secure/Dashboard.jspa', credential: nativeToken() },
    expect: passed(),
  },
  {
    name: 'the product’s own token goes on while the switch is off',
    requirement: 'R53',
    application: { kind: 'jira' },
    request: { path: '/rest/api/2/myself', credential: nativeToken() },
    expect: passed(),
  },
  {
    name: 'a Scopegate token works while the product’s own are switched off',
    requirement: 'R53',
    application: JIRA,
    request: { path: '/rest/api/2/myself', credential: bearerToken('ro') },
    expect: allowed(),
  },
];
