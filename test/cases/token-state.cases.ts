import {
  allowed,
  authorization,
  basicToken,
  bearerToken,
  DAY_MS,
  denied,
  invalid,
  type AccessCase,
} from './access-case.js';

const PATH = { path: '/rest/api/2/myself' } as const;

/** Whose token it is, whether it is in force, and whether its owner may use it. */
export const TOKEN_STATE_CASES: readonly AccessCase[] = [
  {
    name: 'a well-formed token that was never issued is refused',
    requirement: ['R36', 'R44'],
    tokens: { stray: { scope: 'read-write', unknown: true } },
    request: { ...PATH, credential: basicToken('alice', 'stray') },
    expect: invalid('token_unknown'),
  },
  {
    name: 'a token with a broken checksum is refused without a look-up',
    requirement: 'R36',
    request: { ...PATH, credential: authorization('Bearer <ro>x') },
    expect: invalid('token_malformed', { credential: 'bearer-token' }),
  },
  {
    name: 'a token of one user with another user’s name does not match',
    requirement: 'R44',
    request: { ...PATH, credential: basicToken('bob', 'ro') },
    expect: invalid('owner_mismatch'),
  },
  {
    name: 'user names compare without case',
    requirement: 'R44',
    request: { ...PATH, credential: basicToken('ALICE', 'ro') },
    expect: allowed(),
  },
  {
    name: 'a name with a blank at its end is another name',
    requirement: 'R44',
    request: { ...PATH, credential: basicToken('alice ', 'ro') },
    expect: invalid('owner_mismatch'),
  },
  {
    name: 'nothing is said of the state of a token that is presented with another name',
    requirement: 'R44',
    tokens: { dead: { scope: 'read-write', revoked: true, expiresInMs: -1 } },
    request: { ...PATH, credential: basicToken('bob', 'dead') },
    expect: invalid('owner_mismatch'),
  },

  // R31, R32
  {
    name: 'a token is good until its last millisecond',
    requirement: 'R31',
    tokens: { last: { scope: 'read-only', expiresInMs: 1 } },
    request: { ...PATH, credential: bearerToken('last') },
    expect: allowed(),
  },
  {
    name: 'from the instant of its expiry on a token is refused',
    requirement: 'R31',
    tokens: { last: { scope: 'read-only', expiresInMs: 0 } },
    request: { ...PATH, credential: bearerToken('last') },
    expect: denied('token_expired', 401),
  },
  {
    name: 'a token that has long expired is refused',
    requirement: 'R31',
    tokens: { old: { scope: 'read-write', createdAgoMs: 400 * DAY_MS, expiresInMs: -35 * DAY_MS } },
    request: { ...PATH, credential: basicToken('alice', 'old') },
    expect: denied('token_expired', 401),
  },
  {
    name: 'a lower maximum leaves existing tokens alone',
    requirement: 'R32',
    settings: { maximum: 'P1M' },
    tokens: { old: { scope: 'read-only', createdAgoMs: 100 * DAY_MS } },
    request: { ...PATH, credential: bearerToken('old') },
    expect: allowed(),
  },
  {
    name: 'applied at use, a lower maximum ends tokens that are older than it',
    requirement: 'R32',
    settings: { maximum: 'P1M', applyAtUse: true },
    tokens: { old: { scope: 'read-only', createdAgoMs: 100 * DAY_MS } },
    request: { ...PATH, credential: bearerToken('old') },
    expect: denied('token_expired', 401),
  },
  {
    name: 'applied at use, the maximum counts in calendar months: 31 days after 15 May it has come',
    requirement: 'R32',
    settings: { maximum: 'P1M', applyAtUse: true },
    tokens: { old: { scope: 'read-only', createdAgoMs: 31 * DAY_MS } },
    request: { ...PATH, credential: bearerToken('old') },
    expect: denied('token_expired', 401),
  },
  {
    name: 'applied at use, the millisecond before is still good',
    requirement: 'R32',
    settings: { maximum: 'P1M', applyAtUse: true },
    tokens: { old: { scope: 'read-only', createdAgoMs: 31 * DAY_MS - 1 } },
    request: { ...PATH, credential: bearerToken('old') },
    expect: allowed(),
  },
  {
    name: 'applied at use, a token’s own earlier expiry still ends it',
    requirement: 'R32',
    settings: { maximum: 'P2Y', applyAtUse: true },
    tokens: { old: { scope: 'read-only', expiresInMs: -1 } },
    request: { ...PATH, credential: bearerToken('old') },
    expect: denied('token_expired', 401),
  },
  {
    name: 'a revoked token is refused',
    requirement: 'R31',
    tokens: { dead: { scope: 'read-write', revoked: true } },
    request: { ...PATH, credential: basicToken('alice', 'dead') },
    expect: denied('token_revoked', 401),
  },
  {
    name: 'a token that was revoked and has expired is called revoked',
    requirement: 'R31',
    tokens: { dead: { scope: 'read-write', revoked: true, expiresInMs: -1 } },
    request: { ...PATH, credential: bearerToken('dead') },
    expect: denied('token_revoked', 401),
  },

  // R26
  {
    name: 'the tokens of a deactivated owner are refused',
    requirement: 'R26',
    users: { bob: { active: false } },
    tokens: { his: { scope: 'read-only', owner: 'bob' } },
    request: { ...PATH, credential: basicToken('bob', 'his') },
    expect: invalid('owner_inactive'),
  },
  {
    name: 'the tokens of a deleted owner are revoked',
    requirement: 'R26',
    users: { bob: { deleted: true } },
    tokens: { his: { scope: 'read-only', owner: 'bob', revoked: true } },
    request: { ...PATH, credential: basicToken('bob', 'his') },
    expect: denied('token_revoked', 401),
  },
  {
    name: 'a token whose owner is gone is refused even where it was not revoked',
    requirement: 'R26',
    users: { bob: { deleted: true } },
    tokens: { his: { scope: 'read-only', owner: 'bob' } },
    request: { ...PATH, credential: bearerToken('his') },
    expect: invalid('owner_inactive'),
    notProxied: 'Deleting a user revokes the tokens in the same transaction.',
  },

  // R25
  {
    name: 'an owner who may not use tokens is denied, and not unknown',
    requirement: 'R25',
    permissions: { useTokens: { everyone: false, groups: ['testers'] } },
    request: { ...PATH, credential: basicToken('alice', 'ro') },
    expect: denied('use_not_permitted', 403),
  },
  {
    name: 'tokens are refused while no group is named',
    requirement: 'R25',
    permissions: { useTokens: { everyone: false, groups: [] } },
    request: { ...PATH, credential: bearerToken('rw') },
    expect: denied('use_not_permitted', 403),
  },
  {
    name: 'a group that has the permission brings the same token back',
    requirement: 'R25',
    permissions: { useTokens: { everyone: false, groups: ['testers', 'developers'] } },
    request: { ...PATH, credential: basicToken('alice', 'ro') },
    expect: allowed(),
  },
  {
    name: 'administrators hold the permission by the lists alone',
    requirement: 'R25',
    permissions: { useTokens: { everyone: false, groups: ['developers'] } },
    tokens: { his: { scope: 'read-only', owner: 'admin' } },
    request: { ...PATH, credential: basicToken('admin', 'his') },
    expect: denied('use_not_permitted', 403),
  },
  {
    name: 'a user who may not use tokens gets that reason before the scope is checked',
    requirement: 'R25',
    permissions: { useTokens: { everyone: false, groups: [] } },
    request: { method: 'DELETE', path: '/rest/api/2/issue/A-1', credential: bearerToken('ro') },
    expect: denied('use_not_permitted', 403),
  },

  // Narrowed tokens.
  {
    name: 'a token works on the application it was made for',
    requirement: 'R45',
    tokens: { narrow: { scope: 'read-only', applications: ['other', 'this'] } },
    request: { ...PATH, credential: bearerToken('narrow') },
    expect: allowed(),
  },
  {
    name: 'a token does not work on other applications',
    requirement: 'R45',
    tokens: { narrow: { scope: 'read-only', applications: ['other'] } },
    request: { ...PATH, credential: bearerToken('narrow') },
    expect: denied('token_not_accepted', 401),
  },
];
