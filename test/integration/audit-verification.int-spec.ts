import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { AuditEvent } from '@scopegate/audit';
import { DataSource } from 'typeorm';
import { afterEach, describe, expect, it } from 'vitest';
import { AuditChainEntity } from '../../src/audit/audit-chain.entity.js';
import { AuditEventEntity } from '../../src/audit/audit-event.entity.js';
import { AuditChain } from '../../src/audit/audit-chain.js';
import { AuditRetention } from '../../src/audit/audit.retention.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { eventOf, FIRST_EVENT_MS, storeEvents } from '../support/audit-events.js';
import { describeOnEachDatabase } from '../support/each-database.js';
import { privateEnvironment } from '../support/private-process.js';
import { startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';

interface Verification {
  readonly intact: boolean;
  readonly checked: number;
  readonly chains: number;
  readonly firstBreak: {
    readonly chain: string;
    readonly sequence: number;
    readonly eventId: string | null;
    readonly reason: string;
  } | null;
}

async function verify(server: ScopegateFixture, range: object = {}): Promise<Verification> {
  const answer = await server.admin.post<Verification>('/audit-events/verify', range);
  expect(answer.status).toBe(200);
  return answer.body;
}

function secondOf(index: number): string {
  return new Date(FIRST_EVENT_MS + index * 1_000).toISOString();
}

describeOnEachDatabase('verification of the audit log', (server) => {
  const rows = () => server().provider(DataSource).getRepository(AuditEventEntity);
  const heads = () => server().provider(DataSource).getRepository(AuditChainEntity);
  const made: string[] = [];

  /** A chain of its own, one event a second from the given one on; a broken one goes after its test. */
  async function chainOf(length: number, from = 0): Promise<readonly [chain: string, stored: readonly AuditEvent[]]> {
    // As an older version recorded them (without a door), then as this one does.
    const stored = Array.from({ length }, (_, index) =>
      eventOf({ atMs: FIRST_EVENT_MS + (from + index) * 1_000, door: index < length / 2 ? null : 'proxy' }),
    );
    const chain = await storeEvents(server(), stored);
    made.push(chain);
    return [chain, stored];
  }

  afterEach(async () => {
    for (const chain of made.splice(0)) {
      await rows().delete({ chain });
      await heads().delete({ chain });
    }
    if ((await verify(server())).firstBreak !== null) throw new Error('A test has left a broken chain behind.');
  });

  it('R59, R62: what was recorded is intact, changes and requests alike', async () => {
    await server().createToken({ scope: 'read-only' });
    const [, stored] = await chainOf(600);
    const verification = await verify(server());
    expect(verification).toMatchObject({ intact: true, firstBreak: null });
    expect(verification.chains).toBeGreaterThanOrEqual(3);
    expect(verification.checked).toBeGreaterThan(stored.length);
    expect(verification.checked).toBeLessThanOrEqual(await rows().count());
  });

  it.each<[string, Partial<AuditEventEntity>]>([
    ['the address', { clientIp: '203.0.113.9' }],
    ['the time', { atMs: FIRST_EVENT_MS - 1 }],
    ['the number of failures', { count: 2 }],
    ['the name that the filter looks for', { actorKey: 'somebody' }],
    ['the detail', { detail: { a: 2 } }],
    ['the door', { door: 'guard' }],
    ['the door, as if it had none', { door: null }],
    ['the link', { link: 'f'.repeat(64) }],
    ['the link before', { previousLink: 'f'.repeat(64) }],
  ])('R62: finds an event whose %s was changed', async (_title, change) => {
    const [chain, stored] = await chainOf(300);
    await rows().update({ id: stored[270]?.id ?? '' }, change);
    expect(await verify(server())).toMatchObject({
      intact: false,
      firstBreak: { chain, sequence: 271, eventId: stored[270]?.id, reason: 'changed' },
    });
  });

  it('R62: finds a door that was added to an event of an older version', async () => {
    const [chain, stored] = await chainOf(10);
    await rows().update({ id: stored[1]?.id ?? '' }, { door: 'guard' });
    expect((await verify(server())).firstBreak).toMatchObject({ chain, sequence: 2, reason: 'changed' });
  });

  it.each([
    ['in the middle', 120],
    ['at the start', 0],
    ['at the end', 299],
  ])('R62: an event that was removed %s is found', async (_title, index) => {
    const [chain, stored] = await chainOf(300);
    await rows().delete({ id: stored[index]?.id ?? '' });
    expect((await verify(server())).firstBreak).toEqual({
      chain,
      sequence: index + 1,
      eventId: null,
      reason: 'removed',
    });
  });

  it('R62: an event that was removed is found although those after it were numbered anew', async () => {
    const [chain, stored] = await chainOf(10);
    await rows().delete({ id: stored[4]?.id ?? '' });
    for (let index = 5; index < 10; index += 1) {
      await rows().update({ id: stored[index]?.id ?? '' }, { chainSequence: index });
    }
    expect((await verify(server())).firstBreak).toMatchObject({ chain, sequence: 5, reason: 'removed' });
  });

  it('R62: events that were taken off the end are found although the head was set to what is left', async () => {
    const [chain, stored] = await chainOf(10);
    await rows().delete({ id: stored[9]?.id ?? '' });
    const last = await rows().findOneByOrFail({ id: stored[8]?.id ?? '' });
    await heads().update({ chain }, { sequence: 9, link: last.link });
    expect((await verify(server())).firstBreak).toMatchObject({ chain, sequence: 9, reason: 'changed' });
  });

  it('R62: the oldest events cannot be passed off as purged', async () => {
    const [chain, stored] = await chainOf(10);
    await rows().delete([stored[0]?.id ?? '', stored[1]?.id ?? '']);
    await heads().update({ chain }, { purgedSequence: 2 });
    expect((await verify(server())).firstBreak).toMatchObject({ chain, reason: 'changed' });
  });

  it('R62: failures that are still being counted cannot be made fewer', async () => {
    const [chain] = await chainOf(10);
    const held = [['key', { endsAtMs: 0, singles: 10, held: { ...eventOf(), count: 500 } }]];
    await server()
      .provider(UnitOfWork)
      .run(async ({ manager }) => {
        const keeper = server().provider(AuditChain);
        await keeper.updateHead(manager, await keeper.lockHead(manager, chain), { held });
      });
    expect((await verify(server())).intact).toBe(true);
    await heads().update({ chain }, { held: [] });
    expect((await verify(server())).firstBreak).toMatchObject({ chain, reason: 'changed' });
  });

  it('R62: an event that was inserted is found, wherever it was put', async () => {
    const [chain, stored] = await chainOf(10);
    const template = await rows().findOneByOrFail({ id: stored[9]?.id ?? '' });
    const forged = eventOf();
    await rows().insert({ ...template, id: forged.id, chainSequence: 11, previousLink: template.link });
    expect((await verify(server())).firstBreak).toEqual({
      chain,
      sequence: 11,
      eventId: forged.id,
      reason: 'inserted',
    });
    await rows().update({ id: forged.id }, { chain: 'zzz-forged', chainSequence: 1 });
    made.push('zzz-forged');
    expect((await verify(server())).firstBreak).toEqual({
      chain: 'zzz-forged',
      sequence: 1,
      eventId: forged.id,
      reason: 'inserted',
    });
    // Between two others, with all behind it moved on.
    for (let index = 9; index >= 5; index -= 1) {
      await rows().update({ id: stored[index]?.id ?? '' }, { chainSequence: index + 2 });
    }
    const before = await rows().findOneByOrFail({ id: stored[4]?.id ?? '' });
    await rows().update({ id: forged.id }, { chain, chainSequence: 6, previousLink: before.link });
    expect((await verify(server())).firstBreak).toEqual({ chain, sequence: 6, eventId: forged.id, reason: 'inserted' });
  });

  it('R62: an event that was put where the retention has removed others is found', async () => {
    const [chain, stored] = await chainOf(10, -DAYS_BACK);
    await server()
      .provider(AuditRetention)
      .purgeBatch(stored[5]?.atMs ?? 0);
    expect(await rows().countBy({ chain })).toBe(5);
    expect((await verify(server())).intact).toBe(true);
    const template = await rows().findOneByOrFail({ id: stored[7]?.id ?? '' });
    const forged = eventOf();
    await rows().insert({ ...template, id: forged.id, chainSequence: 2 });
    expect((await verify(server())).firstBreak).toEqual({ chain, sequence: 2, eventId: forged.id, reason: 'inserted' });
  });

  it('R62: an event swapped for another authentic one is found', async () => {
    const [chain, stored] = await chainOf(10);
    await rows().update({ id: stored[2]?.id ?? '' }, { chainSequence: 99 });
    await rows().update({ id: stored[3]?.id ?? '' }, { chainSequence: 3 });
    await rows().update({ id: stored[2]?.id ?? '' }, { chainSequence: 4 });
    expect((await verify(server())).firstBreak).toMatchObject({ chain, sequence: 3 });
  });

  describe('of a range of time', () => {
    it('R62: checks the events of that time, and no others', async () => {
      const [chain, stored] = await chainOf(300, 10_000);
      const range = { from: secondOf(10_100), to: secondOf(10_199) };
      expect(await verify(server(), range)).toMatchObject({ intact: true, checked: 100 });
      expect(await verify(server(), { from: secondOf(10_290), to: secondOf(20_000) })).toMatchObject({ checked: 10 });
      await rows().update({ id: stored[50]?.id ?? '' }, { method: 'PUT' });
      expect((await verify(server(), range)).intact).toBe(true);
      await rows().update({ id: stored[150]?.id ?? '' }, { method: 'PUT' });
      expect((await verify(server(), range)).firstBreak).toEqual({
        chain,
        sequence: 151,
        eventId: stored[150]?.id,
        reason: 'changed',
      });
    });

    it('R62: a range that was removed as a whole is missed', async () => {
      const [chain, stored] = await chainOf(300, 10_000);
      await rows().delete(stored.slice(100, 200).map((event) => event.id));
      const firstBreak = { chain, sequence: 101, eventId: null, reason: 'removed' };
      expect((await verify(server(), { from: secondOf(10_120), to: secondOf(10_130) })).firstBreak).toEqual(firstBreak);
      expect((await verify(server(), { from: secondOf(10_100), to: secondOf(10_199) })).firstBreak).toEqual(firstBreak);
      // Up to the events on both sides of the gap, which is all that is known of its time.
      expect((await verify(server(), { to: secondOf(10_098) })).intact).toBe(true);
      expect((await verify(server(), { from: secondOf(10_201), to: secondOf(11_000) })).intact).toBe(true);
    });

    it('R62: the newest events that were removed are missed', async () => {
      const [chain, stored] = await chainOf(300, 10_000);
      await rows().delete(stored.slice(250).map((event) => event.id));
      expect((await verify(server(), { from: secondOf(10_260) })).firstBreak).toMatchObject({ chain, sequence: 251 });
    });

    it('R62: an event that was stored late belongs to its time', async () => {
      const atMs = (index: number): number => FIRST_EVENT_MS + (20_000 + index) * 1_000;
      const stored = [0, 1, 2, 3, 50, 51, 2, 52].map((index) => eventOf({ atMs: atMs(index) }));
      const chain = await storeEvents(server(), stored);
      made.push(chain);
      await rows().update({ id: stored[6]?.id ?? '' }, { method: 'PUT' });
      const range = { from: secondOf(20_001), to: secondOf(20_003) };
      expect((await verify(server(), range)).firstBreak).toMatchObject({ chain, sequence: 7, reason: 'changed' });
    });

    it('R62: what is no instant is refused', async () => {
      for (const wrong of [{ from: 'yesterday' }, { to: '2026-02-30T00:00:00Z' }, { until: 'x' }]) {
        expect((await server().admin.post('/audit-events/verify', wrong)).status).toBe(400);
      }
    });
  });

  it('R62: events are verified while others are being added and removed', async () => {
    const [chain, stored] = await chainOf(1_000, -DAYS_BACK);
    let isRunning = true;
    const adding = (async (): Promise<void> => {
      while (isRunning) await server().admin.get('/me');
    })();
    const removing = (async (): Promise<void> => {
      for (const event of stored) {
        if (!isRunning) return;
        await server().provider(AuditRetention).purgeBatch(event.atMs);
      }
    })();
    for (let round = 0; round < 5; round += 1) expect((await verify(server())).firstBreak).toBeNull();
    isRunning = false;
    await Promise.all([adding, removing]);
    expect(await rows().countBy({ chain })).toBeLessThan(1_000);
  });
});

/** Older than what other tests of this file store, so that the retention takes nothing else. */
const DAYS_BACK = 86_400;

describe('the command', () => {
  it('R62: npm run audit:verify ends with 1 where the log is broken', async () => {
    const server = await startScopegateFixture();
    try {
      const stored = [eventOf(), eventOf(), eventOf()];
      const chain = await storeEvents(server, stored);
      const run = async (...words: string[]): Promise<readonly [exitCode: number, output: string]> => {
        const environment = {
          ...privateEnvironment(server.folder),
          SCOPEGATE_DATA_DIR: server.folder,
          DATABASE_URL: `sqlite:${join(server.folder, 'scopegate.sqlite')}`,
        };
        const program = resolve(import.meta.dirname, '../../dist/src/audit-verify.js');
        try {
          const { stdout } = await promisify(execFile)(process.execPath, [program, ...words], { env: environment });
          return [0, stdout];
        } catch (error) {
          const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
          return [code, stdout + stderr];
        }
      };
      const [exitCode, output] = await run();
      expect([exitCode, JSON.parse(output)]).toEqual([0, expect.objectContaining({ intact: true, firstBreak: null })]);
      await server
        .provider(DataSource)
        .getRepository(AuditEventEntity)
        .update({ id: stored[1]?.id ?? '' }, { method: 'PUT' });
      const [brokenCode, brokenOutput] = await run();
      expect(brokenCode).toBe(1);
      expect(JSON.parse(brokenOutput)).toMatchObject({
        intact: false,
        firstBreak: { chain, sequence: 2, eventId: stored[1]?.id, reason: 'changed' },
      });
      expect((await run('--from', new Date(Date.now() - 86_400_000).toISOString()))[0]).toBe(0);
      expect((await run('--since', 'x'))[0]).toBe(2);
    } finally {
      await server.stop();
    }
  });
});
