import { BLOCK_DAYS, blockOf, DAY_MS, dayOf, type AuditEvent } from '@scopegate/audit';
import { DataSource } from 'typeorm';
import { beforeAll, expect, it } from 'vitest';
import { AuditEventEntity } from '../../src/audit/audit-event.entity.js';
import { AuditRetention } from '../../src/audit/audit.retention.js';
import { UsageBlockEntity } from '../../src/audit/usage/usage-block.entity.js';
import { UsageCounterJob } from '../../src/audit/usage/usage-counter.job.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { UserEntity } from '../../src/directory/user.entity.js';
import type { ApiClient } from '../support/api.client.js';
import { eventOf, storeEvents } from '../support/audit-events.js';
import { describeOnEachDatabase, unique } from '../support/each-database.js';
import { expectProblem } from '../support/expect-problem.js';
import type { ScopegateFixture, TestUser } from '../support/scopegate.fixture.js';

type Row = { readonly events: number; readonly [key: string]: unknown };
type Report = {
  readonly from: string;
  readonly to: string;
  readonly rows: readonly Row[];
  readonly complete: boolean;
  readonly note: string | null;
};

const iso = (atMs: number): string => new Date(atMs).toISOString();

/** A day long ago, whose events are those of the tests alone. */
const FIRST_DAY = dayOf(Date.now()) - 100;
const at = (day: number, ms = 3_600_000): number => (FIRST_DAY + day) * DAY_MS + ms;
const RANGE = { from: iso(at(0, 0)), to: iso(at(9, DAY_MS - 1)) };

describeOnEachDatabase('the report of usage', (server: () => ScopegateFixture) => {
  let anna: TestUser;
  const login = ({ username, password }: TestUser): ApiClient => server().as({ user: username, password });
  const report = async (as: ApiClient, query: Readonly<Record<string, string>>): Promise<Report> => {
    const answer = await as.get<Report>(`/reports/usage?${new URLSearchParams({ ...RANGE, ...query }).toString()}`);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    return answer.body;
  };
  const rows = async (query: Readonly<Record<string, string>>, as = server().admin): Promise<readonly Row[]> =>
    (await report(as, query)).rows;
  /** Old events of a user who is there only now: as if the user had been made before. */
  const store = async (events: readonly Partial<AuditEvent>[]): Promise<void> => {
    await storeEvents(
      server(),
      events.map((event) => eventOf({ door: 'proxy', ...event })),
    );
    expect(await server().provider(UsageCounterJob).catchUp(60_000)).toBe(true);
  };

  beforeAll(async () => {
    anna = await server().createUser({ username: unique('anna') });
    const { username } = anna;
    await server()
      .provider(UnitOfWork)
      .run(({ manager }) => manager.update(UserEntity, { username }, { createdAtMs: at(2, 7_200_000) }));
    const own = { actor: anna.username, owner: anna.username, tokenId: 'tokenOfAnna1', application: 'jira' };
    const password = {
      owner: null,
      tokenId: null,
      credential: 'password',
      type: 'authentication.passed',
      outcome: 'passed',
    } as const;
    await store([
      { ...own, atMs: at(0) },
      // On the day when the user was made: one event of an earlier user of the name, and one of its own.
      { ...own, atMs: at(2, 3_600_000), code: 'token_expired', type: 'authentication.failed', outcome: 'failed' },
      {
        ...own,
        atMs: at(2, 9_000_000),
        code: 'owner_mismatch',
        type: 'authentication.failed',
        outcome: 'failed',
        count: 5,
      },
      { ...own, atMs: at(3) },
      { ...own, atMs: at(3, 4_000_000) },
      { ...own, atMs: at(3), ...password },
      { ...own, atMs: at(4), actor: 'bert', owner: 'bert', tokenId: 'tokenOfBert1', application: 'gitlab' },
      { ...own, atMs: at(4), actor: 'bert', ...password },
      {
        ...own,
        atMs: at(4),
        actor: anna.username,
        owner: null,
        tokenId: null,
        type: 'authentication.failed',
        outcome: 'failed',
        code: 'token_unknown',
      },
    ]);
  });

  it('R103: the events are summed up by one or two keys, an event of many as many', async () => {
    const all = await report(server().admin, { by: 'code' });
    expect(all).toEqual({
      ...RANGE,
      rows: [
        { code: null, events: 6 },
        { code: 'owner_mismatch', events: 5 },
        { code: 'token_expired', events: 1 },
        { code: 'token_unknown', events: 1 },
      ],
      complete: true,
      note: null,
    });
    expect(await rows({ by: 'day,credential', credential: 'password' })).toEqual([
      { day: iso(at(3)).slice(0, 10), credential: 'password', events: 1 },
      { day: iso(at(4)).slice(0, 10), credential: 'password', events: 1 },
    ]);
    const users = [anna.username.toLowerCase(), 'bert'].sort();
    expect((await rows({ by: 'user', credential: 'password' })).map(({ user }) => user).toSorted()).toEqual(users);
    expect(await rows({ by: 'token,application', user: 'bert', outcome: 'allowed' })).toEqual([
      { token: 'tokenOfBert1', application: 'gitlab', events: 1 },
    ]);
    expect(await rows({ by: 'day', type: 'token.created' })).toEqual([]);
  });

  it('R103: repeated failures count at once, also while they are merged', async () => {
    const username = unique('zed');
    const guess = (): Promise<unknown> => server().as(null).post('/session', { username, password: 'a guess' });
    for (let attempt = 0; attempt < 15; attempt += 1) await guess();
    const nowMs = Date.now();
    for (const range of [
      { from: iso(nowMs - DAY_MS), to: iso(nowMs) },
      { from: iso(nowMs - 60_000), to: iso(nowMs) },
    ]) {
      const found = await report(server().admin, { by: 'user,code', user: username, ...range });
      expect(found).toMatchObject({ complete: true, rows: [{ user: username, code: 'password_wrong', events: 15 }] });
    }
  });

  it('R103: an event with an empty name is of nobody, and no filter by a name finds it', async () => {
    const refused = { outcome: 'failed', type: 'authentication.failed', code: 'password_wrong' } as const;
    const application = unique('nameless');
    await store([{ ...refused, application, atMs: at(4), actor: '', owner: null, tokenId: null }]);
    expect(await rows({ by: 'user', application })).toEqual([{ user: null, events: 1 }]);
    const part = { from: iso(at(4) - 1), to: iso(at(4) + 1) };
    expect(await rows({ by: 'user', application, ...part })).toEqual([{ user: null, events: 1 }]);
    for (const user of ['nobody-here', anna.username]) {
      expect(await rows({ by: 'user', application, user })).toEqual([]);
    }
  });

  it('R103: parts of days, and filters without counts, come from the events', async () => {
    const part = { from: iso(at(3, 3_600_000)), to: iso(at(3, 3_999_999)) };
    expect(await rows({ ...part, by: 'credential' })).toEqual([
      { credential: 'basic-token', events: 1 },
      { credential: 'password', events: 1 },
    ]);
    expect(await rows({ from: iso(at(0, 3_600_001)), by: 'code', code: 'token_expired' })).toHaveLength(1);
    expect(await rows({ from: iso(at(2, 3_600_001)), by: 'code', code: 'token_expired' })).toEqual([]);
    expect(await rows({ by: 'day', clientIp: '192.0.2.7', q: 'ISSUE/a-1', user: 'bert' })).toHaveLength(1);
    expect(await rows({ by: 'day', clientIp: '203.0.113.99' })).toEqual([]);
  });

  it('R101, R103: a user gets own rows alone, whatever the filter and the keys are', async () => {
    const as = login(anna);
    for (const by of ['user', 'token', 'application', 'day,user', 'user,token', 'token,code']) {
      const own = await rows({ by }, as);
      expect(
        own.reduce((sum, { events }) => sum + events, 0),
        by,
      ).toBe(7);
      expect(JSON.stringify(own)).not.toMatch(/bert|gitlab/i);
    }
    // The reason that the answer hid, and the events of an earlier user of the name on the same day, stay hidden.
    expect(await rows({ by: 'code' }, as)).toEqual([
      { code: 'credential_invalid', events: 5 },
      { code: null, events: 2 },
    ]);
    expect(await rows({ by: 'code', code: 'owner_mismatch' }, as)).toEqual([]);
    expect(await rows({ by: 'code', code: 'credential_invalid' }, as)).toHaveLength(1);
    const foreign: readonly Readonly<Record<string, string>>[] = [
      { user: 'bert' },
      { user: 'admin' },
      { tokenId: 'tokenOfBert1' },
      { application: 'gitlab' },
      { credential: 'password' },
      { outcome: 'changed' },
      { q: 'x'.repeat(200) },
    ];
    for (const filter of foreign) {
      expect(await rows({ by: 'user', ...filter }, as), JSON.stringify(filter)).toEqual([]);
    }
    expect(await rows({ by: 'user', q: 'issue' }, as)).toEqual([{ user: anna.username, events: 7 }]);
    expect(await rows({ by: 'user', user: anna.username.toUpperCase() }, as)).toHaveLength(1);
    const stranger = await server().createUser({ username: unique('stranger') });
    expect(await rows({ by: 'user' }, login(stranger))).toEqual([]);
  });

  it('R103: each event counts once, however often and wherever they are counted', async () => {
    const application = unique('once');
    await store(Array.from({ length: 30 }, (_, index) => ({ application, atMs: at(6, index) })));
    const job = server().provider(UsageCounterJob);
    await Promise.all([job.catchUp(60_000), job.catchUp(60_000), job.countInTurn()]);
    await job.catchUp(60_000);
    expect(await rows({ by: 'application', application })).toEqual([{ application, events: 30 }]);
    await store([{ application, atMs: at(6, 50) }]);
    expect(await rows({ by: 'application', application })).toEqual([{ application, events: 31 }]);
  });

  it('R103: whole days are answered without reading an event', async () => {
    const application = unique('counted');
    await store(
      Array.from({ length: 2_500 }, (_, index) => ({ application, atMs: at(7, index), code: `code_${index % 3}` })),
    );
    await server().provider(UsageCounterJob).catchUp(60_000);
    const deleted = await server()
      .provider(UnitOfWork)
      .run(({ manager }) => manager.delete(AuditEventEntity, { application }));
    expect(deleted.affected).toBe(2_500);
    expect(await rows({ by: 'day', application })).toEqual([{ day: iso(at(7)).slice(0, 10), events: 2_500 }]);
    const part = { from: iso(at(7, 0)), to: iso(at(7, DAY_MS / 2)) };
    expect(await rows({ by: 'day', application, ...part })).toEqual([]);
  });

  it.each([
    ['in a block', 5],
    ['at the end of its block', BLOCK_DAYS - 1],
  ])('R60, R103: the counts of a day %s go with its last event', async (_title, place) => {
    const application = unique('old');
    const old = (blockOf(dayOf(Date.now())) - 9) * BLOCK_DAYS + place;
    await store([0, 10, DAY_MS + 10].map((ms) => ({ application, atMs: old * DAY_MS + ms })));
    await server().provider(UsageCounterJob).catchUp(60_000);
    const counted = async (): Promise<readonly number[]> => {
      const range = { from: iso(old * DAY_MS), to: iso((old + 2) * DAY_MS - 1) };
      return (await rows({ ...range, by: 'day', application })).map(({ events }) => events);
    };
    const retention = server().provider(AuditRetention);
    const purge = async (atMs: number): Promise<void> => {
      while ((await retention.purgeBatch(atMs)).hasMore);
    };
    await purge((old + 1) * DAY_MS - 1);
    expect(await counted()).toEqual([2, 1]);
    await purge((old + 1) * DAY_MS);
    expect(await counted()).toEqual([1]);
    // No row is left for ever.
    await purge((old + 2 * BLOCK_DAYS) * DAY_MS);
    expect(await server().provider(DataSource).manager.countBy(UsageBlockEntity, { application })).toBe(0);
  });

  it('R103: a bad question is a 400 that names the field', async () => {
    for (const query of [
      'by=colour',
      'by=',
      'by=day,day',
      'by=day,user,code',
      `by=${'day,'.repeat(100)}`,
      'from=yesterday',
      'from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z',
      'from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z',
      'owner=anna',
      'limit=5',
    ]) {
      expectProblem(await server().admin.get(`/reports/usage?${query}`), 400, 'validation_failed');
    }
    expect((await server().admin.get<Report>('/reports/usage')).body.complete).toBe(true);
  });
});
