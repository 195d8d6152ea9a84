import { BLOCK_DAYS, blockOf, DAY_MS, dayOf, type AuditEvent } from '@scopegate/audit';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { UsageCounterJob } from '../../src/audit/usage/usage-counter.job.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { UserEntity } from '../../src/directory/user.entity.js';
import type { ApiClient } from '../support/api.client.js';
import { eventOf, storeEvents } from '../support/audit-events.js';
import { describeOnEachDatabase } from '../support/each-database.js';
import type { ScopegateFixture } from '../support/scopegate.fixture.js';

type Listed = Pick<
  AuditEvent,
  'count' | 'type' | 'outcome' | 'code' | 'actor' | 'owner' | 'tokenId' | 'application' | 'credential' | 'door'
> & { readonly id: string; readonly at: string };

const EVENTS = 400;
const QUESTIONS = 60;

/** The days of the events: the last ones of a block, and the first ones of the next. */
const FIRST_DAY = (blockOf(dayOf(Date.now())) - 4) * BLOCK_DAYS - 3;
const DAYS = 6;

const iso = (atMs: number): string => new Date(atMs).toISOString();

/** Often at the very edge of a day. */
const instant = fc
  .tuple(fc.nat({ max: DAYS - 1 }), fc.oneof(fc.constantFrom(0, 1, DAY_MS - 1), fc.nat({ max: DAY_MS - 1 })))
  .map(([day, ms]) => (FIRST_DAY + day) * DAY_MS + ms);

const maybe = <Value>(...values: readonly Value[]): fc.Arbitrary<Value | null> => fc.constantFrom(null, ...values);

const USERS = ['Anna', 'bert', 'Ünal'] as const;

const event: fc.Arbitrary<Partial<AuditEvent>> = fc.record({
  atMs: instant,
  count: fc.constantFrom(1, 1, 1, 7),
  type: fc.constantFrom('authentication.succeeded', 'authentication.failed', 'permission.denied', 'token.created'),
  outcome: fc.constantFrom('allowed', 'passed', 'denied', 'failed', 'changed'),
  code: maybe('token_expired', 'owner_mismatch', 'scope_insufficient'),
  actor: maybe(...USERS),
  owner: maybe(...USERS),
  tokenId: maybe('tokenOfAnna1', 'tokenOfBert1'),
  application: maybe('jira', 'gitlab'),
  credential: maybe('basic-token', 'password'),
  door: maybe('proxy', 'guard'),
  clientIp: maybe('192.0.2.7', '203.0.113.8'),
});

type Filter = Partial<
  Record<'type' | 'outcome' | 'code' | 'tokenId' | 'application' | 'credential' | 'door' | 'clientIp' | 'q', string>
>;

/** What both the list and the report can be asked for. */
const filters: fc.Arbitrary<Filter> = fc.record(
  {
    type: fc.constantFrom('authentication.failed', 'token.created'),
    outcome: fc.constantFrom('allowed', 'failed', 'changed'),
    code: fc.constantFrom('token_expired', 'owner_mismatch'),
    tokenId: fc.constant('tokenOfAnna1'),
    application: fc.constant('jira'),
    credential: fc.constant('password'),
    door: fc.constant('proxy'),
    clientIp: fc.constant('192.0.2.7'),
    q: fc.constant('ISSUE'),
  },
  { requiredKeys: [] },
);

const KEYS = ['day', 'credential', 'application', 'user', 'code', 'token'] as const;

type Key = (typeof KEYS)[number];

const question = fc.record({
  by: fc.uniqueArray(fc.constantFrom(...KEYS), { minLength: 1, maxLength: 2 }),
  // Mostly one filter, so that something is left to count.
  filter: fc.oneof({ weight: 2, arbitrary: fc.constant<Filter>({}) }, filters),
  user: fc.option(fc.constantFrom('anna', 'BERT', 'nobody'), { nil: undefined }),
  range: fc.oneof(
    fc.constant([FIRST_DAY * DAY_MS, (FIRST_DAY + DAYS) * DAY_MS - 1] as const),
    fc.tuple(instant, instant).map(([one, other]) => [Math.min(one, other), Math.max(one, other)] as const),
  ),
});

/** As the documentation says it: the owner of the token, or else the user that the request names; of a change, the actor. */
function userOf({ outcome, actor, owner }: Listed): string | null {
  return (outcome === 'changed' ? actor : (owner ?? actor))?.toLowerCase() ?? null;
}

function isOwn(listed: Listed, user: string): boolean {
  const { outcome, type, actor, owner, application, door } = listed;
  if (outcome === 'changed') return false;
  if (owner !== null) return owner.toLowerCase() === user;
  const isLogin = application === null && door === null && (outcome === 'allowed' || type === 'permission.denied');
  return isLogin && actor?.toLowerCase() === user;
}

const VALUES: Readonly<Record<Key, (listed: Listed) => string | null>> = {
  day: ({ at }) => at.slice(0, 10),
  credential: ({ credential }) => credential,
  application: ({ application }) => application,
  user: userOf,
  code: ({ code }) => code,
  token: ({ tokenId }) => tokenId,
};

type Sums = Readonly<Record<string, number>>;

function sumsOf(events: readonly Listed[], by: readonly Key[]): Sums {
  const sums: Record<string, number> = {};
  for (const listed of events) {
    const key = JSON.stringify(by.map((name) => VALUES[name](listed)));
    sums[key] = (sums[key] ?? 0) + listed.count;
  }
  return sums;
}

type Row = Readonly<Record<string, string | number | null>> & { readonly events: number };

describeOnEachDatabase('the sums of the report of usage', (server: () => ScopegateFixture) => {
  let anna: ApiClient;

  const params = (query: Readonly<Record<string, string | undefined>>): string =>
    new URLSearchParams(
      Object.entries(query).flatMap(([name, value]): [string, string][] =>
        value === undefined ? [] : [[name, value]],
      ),
    ).toString();
  const report = async (as: ApiClient, by: readonly Key[], query: Readonly<Record<string, string | undefined>>) => {
    const path = `/reports/usage?${params({ ...query, by: by.join(',') })}`;
    const { status, body } = await as.get<{ readonly rows: readonly Row[]; readonly complete: boolean }>(path);
    expect({ status, complete: body.complete }, JSON.stringify(body)).toEqual({ status: 200, complete: true });
    return body.rows;
  };
  const sumsOfRows = (rows: readonly Row[], by: readonly Key[]): Sums =>
    Object.fromEntries(rows.map((row) => [JSON.stringify(by.map((name) => row[name])), row.events]));
  const list = async (query: Readonly<Record<string, string | undefined>>): Promise<readonly Listed[]> => {
    const found: Listed[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const path = `/audit-events?${params({ ...query, limit: '200', cursor })}`;
      const { body } = await server().admin.get<{ items: readonly Listed[]; nextCursor: string | null }>(path);
      found.push(...body.items);
      cursor = body.nextCursor;
    }
    return found;
  };
  const rangeOf = ([fromMs, toMs]: readonly [number, number]) => ({ from: iso(fromMs), to: iso(toMs) });

  beforeAll(async () => {
    const user = await server().createUser({ username: 'anna' });
    anna = server().as({ user: user.username, password: user.password });
    // As if the user had been there before the events: a name counts only while the user has it.
    await server()
      .provider(UnitOfWork)
      .run(({ manager }) => manager.update(UserEntity, { username: 'anna' }, { createdAtMs: 0 }));
    const seed = Date.now() % 2 ** 31;
    const events = fc.sample(event, { numRuns: EVENTS, seed });
    await storeEvents(server(), events.map(eventOf));
    expect(await server().provider(UsageCounterJob).catchUp(60_000)).toBe(true);
  });

  it('R103: are the counts of the events that the audit lists, for every question', async () => {
    await fc.assert(
      fc.asyncProperty(question, async ({ by, filter, user, range }) => {
        const query = { ...filter, ...rangeOf(range) };
        const listed = await list(query);
        const counted = listed.filter((one) => user === undefined || userOf(one) === user.toLowerCase());
        expect(sumsOfRows(await report(server().admin, by, { ...query, user }), by)).toEqual(sumsOf(counted, by));
      }),
      { numRuns: QUESTIONS },
    );
  });

  it('R101, R103: of a user are those of own requests alone, whatever the question is', async () => {
    await fc.assert(
      fc.asyncProperty(question, async ({ by, filter, user, range }) => {
        // The codes that a user can ask for are others than those of the list.
        const query = { ...filter, code: undefined, ...rangeOf(range) };
        const own = (await list(query)).filter((one) => isOwn(one, 'anna'));
        const counted = user === undefined || user === 'anna' ? own : [];
        const rows = await report(anna, by, { ...query, user });
        const withoutCode = (key: Key): boolean => key !== 'code';
        const total = (sums: Sums): number => Object.values(sums).reduce((sum, events) => sum + events, 0);
        expect(total(sumsOfRows(rows, by))).toBe(total(sumsOf(counted, by)));
        // Users see public codes: those of several reasons are one.
        if (by.every(withoutCode)) expect(sumsOfRows(rows, by)).toEqual(sumsOf(counted, by));
        else expect(JSON.stringify(rows)).not.toContain('owner_mismatch');
      }),
      { numRuns: QUESTIONS },
    );
  });
});
