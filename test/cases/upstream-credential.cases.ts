import {
  allowed,
  answeredHere,
  basicToken,
  bearerToken,
  denied,
  nativeToken,
  passed,
  password,
  type AccessCase,
  type CaseApplication,
} from './access-case.js';

function jira(deposit: NonNullable<CaseApplication['deposit']>): CaseApplication {
  return { kind: 'jira', deposit };
}

const ISSUE = '/rest/api/2/issue/A-1';

const NEEDS_UPSTREAM = 'The state of a deposit comes from the answers of the upstream.';

/** The stage of the owner's own credential for the upstream. The rows name its requirements once it is sent. */
export const UPSTREAM_CREDENTIAL_CASES: readonly AccessCase[] = [
  {
    name: 'a token request whose owner has stored a credential',
    requirement: 'R70',
    application: jira('working'),
    request: { path: ISSUE, credential: bearerToken('ro') },
    expect: allowed(),
    notProxied: NEEDS_UPSTREAM,
  },
  {
    name: 'a token request whose owner has stored no credential',
    requirement: 'R70',
    application: jira('missing'),
    request: { path: ISSUE, credential: bearerToken('rw') },
    expect: denied('upstream_credential_missing', 403, { detail: 'PUT /api/v1/me/credentials/' }),
    notProxied: NEEDS_UPSTREAM,
  },
  {
    name: 'the credential of another user is not taken',
    requirement: 'R70',
    application: jira('working'),
    tokens: { bobs: { scope: 'read-write', owner: 'bob' } },
    request: { path: ISSUE, credential: basicToken('bob', 'bobs') },
    expect: denied('upstream_credential_missing', 403),
    notProxied: NEEDS_UPSTREAM,
  },
  {
    name: 'a stored credential for another address is not used until its owner confirms it',
    requirement: 'R70',
    application: jira('unchecked'),
    request: { path: ISSUE, credential: bearerToken('rw') },
    expect: denied('upstream_credential_missing', 403, { detail: 'another address' }),
    notProxied: NEEDS_UPSTREAM,
  },
  {
    name: 'a credential that the upstream refused is not sent again',
    requirement: 'R70',
    application: jira('rejected'),
    request: { path: ISSUE, credential: bearerToken('rw') },
    expect: denied('upstream_credential_rejected', 502, { detail: '/check' }),
    notProxied: NEEDS_UPSTREAM,
  },
  {
    name: 'a request beyond the scope gets that reason, whatever is stored',
    requirement: ['R70', 'R03'],
    application: jira('missing'),
    request: { method: 'POST', path: ISSUE, credential: bearerToken('ro') },
    expect: denied('scope_insufficient', 403),
    notProxied: NEEDS_UPSTREAM,
  },
  {
    name: 'a login for a session needs the stored credential',
    requirement: 'R70',
    application: jira('missing'),
    request: { method: 'POST', path: '/rest/auth/1/session', credential: basicToken('alice', 'rw') },
    expect: denied('upstream_credential_missing', 403),
    notProxied: NEEDS_UPSTREAM,
  },
  {
    name: 'a session ends without a stored credential',
    requirement: 'R70',
    application: jira('rejected'),
    request: { method: 'DELETE', path: '/rest/auth/1/session', session: 'rw' },
    expect: answeredHere(204),
    notProxied: NEEDS_UPSTREAM,
  },
  {
    name: 'a password passes as before, because it is a credential of the upstream',
    requirement: 'R70',
    application: jira('missing'),
    request: { path: ISSUE, credential: password('alice') },
    expect: passed(),
    notProxied: NEEDS_UPSTREAM,
  },
  {
    name: 'a token of the product itself passes as before',
    requirement: 'R70',
    application: jira('rejected'),
    request: { path: ISSUE, credential: nativeToken() },
    expect: passed(),
    notProxied: NEEDS_UPSTREAM,
  },
];
