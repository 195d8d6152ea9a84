import { describe, expect, it } from 'vitest';
import {
  BLOCK_DAYS,
  blockOf,
  dayOf,
  DAY_MS,
  provenUserOf,
  usageBlockBound,
  usageId,
  usageKeysOf,
  type UsageSource,
} from './usage.js';

const event = (change: Partial<UsageSource> = {}): UsageSource => ({
  type: 'authentication.succeeded',
  outcome: 'allowed',
  code: null,
  actorKey: 'anna',
  ownerKey: 'anna',
  tokenId: 'tokenOfAnna1',
  application: 'jira',
  credential: 'basic-token',
  door: 'proxy',
  ...change,
});
const LOGIN = { ownerKey: null, tokenId: null, application: null, credential: 'password', door: null } as const;

describe('the keys that events are counted by', () => {
  it.each<[string, Partial<UsageSource>, string | null]>([
    ['a request with a token', {}, 'anna'],
    [
      'a token beside the name of another user',
      { actorKey: 'bert', outcome: 'failed', code: 'owner_mismatch' },
      'anna',
    ],
    ['a login at Scopegate', { ...LOGIN, type: 'login.succeeded' }, 'anna'],
    ['a login that may not do this', { ...LOGIN, type: 'permission.denied', outcome: 'denied' }, 'anna'],
    ['a wrong password at Scopegate', { ...LOGIN, type: 'login.failed', outcome: 'failed' }, null],
    ['a failure while a password is checked', { ...LOGIN, type: 'request.failed', outcome: 'failed' }, null],
    ['a password for an application', { ...LOGIN, application: 'jira', door: 'proxy', outcome: 'passed' }, null],
    [
      'a blocked path with a name',
      { ...LOGIN, application: 'jira', type: 'permission.denied', outcome: 'denied' },
      null,
    ],
    [
      'a guard of an unnamed application',
      { ...LOGIN, door: 'guard', type: 'permission.denied', outcome: 'denied' },
      null,
    ],
    ['a change of the token by an administrator', { actorKey: 'admin', outcome: 'changed' }, null],
  ])('R101, R103: the user of %s', (_title, change, user) => {
    expect(provenUserOf(event(change))).toBe(user);
    const keys = usageKeysOf(event(change));
    expect(keys.isProven).toBe(user !== null);
    expect(keys.user).toBe(user ?? event(change).actorKey);
  });

  it('R103: the same keys in one block of days have one id, and every other has another', () => {
    const block = blockOf(dayOf(Date.UTC(2026, 10, 29)));
    const id = usageId(block, usageKeysOf(event()));
    expect(usageId(block, usageKeysOf(event()))).toBe(id);
    const others: Partial<UsageSource>[] = [
      { type: 'connection.ended' },
      { outcome: 'denied' },
      { code: 'x' },
      { actorKey: 'bert', ownerKey: 'bert' },
      { tokenId: null },
      { application: null },
      { credential: 'none' },
      { door: null },
    ];
    const ids = new Set([
      id,
      usageId(block + 1, usageKeysOf(event())),
      ...others.map((o) => usageId(block, usageKeysOf(event(o)))),
    ]);
    expect(ids.size).toBe(others.length + 2);
    for (const one of ids) expect(one.length).toBeLessThanOrEqual(32);
    expect(id > usageBlockBound(block) && id < usageBlockBound(block + 1)).toBe(true);
  });

  it('R103: a block has its days, and no day is in two blocks', () => {
    const first = 600 * BLOCK_DAYS;
    expect([first - 1, first, first + BLOCK_DAYS - 1, first + BLOCK_DAYS].map(blockOf)).toEqual([599, 600, 600, 601]);
  });

  it('R103: days are those of UTC', () => {
    const midnight = Date.UTC(2026, 10, 29);
    expect([dayOf(midnight - 1), dayOf(midnight), dayOf(midnight + DAY_MS - 1)].map((day) => day * DAY_MS)).toEqual([
      midnight - DAY_MS,
      midnight,
      midnight,
    ]);
  });
});
