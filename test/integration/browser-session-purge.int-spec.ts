import { randomBytes } from 'node:crypto';
import { BROWSER_IDLE_MS } from '@scopegate/access';
import { expect, it, vi } from 'vitest';
import { DatabaseClock } from '../../src/database/database-clock.js';
import { LeaseEntity } from '../../src/database/lease.entity.js';
import { PURGE_BATCH_SIZE } from '../../src/database/purged-batch.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { BrowserSessionEntity } from '../../src/sessions/browser-session.entity.js';
import { BrowserSessionPurgeJob } from '../../src/sessions/browser-session-purge.job.js';
import { describeOnEachDatabase } from '../support/each-database.js';

/** The other nodes have this long to write a use. */
const MARGIN_MS = 600_000;

describeOnEachDatabase('the purge of browser sessions', (server) => {
  const job = (): BrowserSessionPurgeJob => server().provider(BrowserSessionPurgeJob);
  const units = (): UnitOfWork => server().provider(UnitOfWork);

  /** @returns the ids of new sessions that were used last so long ago */
  const insertUnused = async (count: number, agoMs: number): Promise<readonly string[]> => {
    const lastSeenAtMs = (await server().provider(DatabaseClock).readMs()) - agoMs;
    const rows = Array.from({ length: count }, () => ({
      id: randomBytes(6).toString('hex'),
      digest: randomBytes(32).toString('hex'),
      pepperVersion: 1,
      userId: 'nobody',
      method: 'password' as const,
      createdAtMs: lastSeenAtMs,
      lastSeenAtMs,
      authenticatedAtMs: lastSeenAtMs,
    }));
    await units().run(({ manager }) => manager.insert(BrowserSessionEntity, rows));
    return rows.map(({ id }) => id);
  };
  const storedIds = async (): Promise<readonly string[]> =>
    (await units().read((manager) => manager.find(BrowserSessionEntity))).map(({ id }) => id);

  it('R99: removes what nobody can use any more, and leaves what another node may have used', async () => {
    const ended = await insertUnused(PURGE_BATCH_SIZE + 1, BROWSER_IDLE_MS + MARGIN_MS + 1_000);
    const inDoubt = await insertUnused(1, BROWSER_IDLE_MS + MARGIN_MS - 60_000);
    const used = await insertUnused(1, 0);
    expect(await job().purgeOnce()).toBe(ended.length);
    const left = await storedIds();
    expect(left).toEqual(expect.arrayContaining([...inDoubt, ...used]));
    expect(left.filter((id) => ended.includes(id))).toEqual([]);
    expect(await job().purgeOnce()).toBe(0);
  });

  it('R99: leaves the work to the process that holds the lease', async () => {
    const ended = await insertUnused(1, BROWSER_IDLE_MS + MARGIN_MS + 1_000);
    const expiresAtMs = (await server().provider(DatabaseClock).readMs()) + 60_000;
    await job().purgeOnce();
    await insertUnused(1, BROWSER_IDLE_MS + MARGIN_MS + 1_000);
    const setHolder = (holder: string, until: number): Promise<unknown> =>
      units().run(({ manager }) =>
        manager.update(LeaseEntity, { name: 'browser-session-purge' }, { holder, expiresAtMs: until }),
      );
    await setHolder('another process', expiresAtMs);
    expect(await job().purgeOnce()).toBeNull();
    await setHolder('another process', 0);
    expect(await job().purgeOnce()).toBe(1);
    expect(await storedIds()).not.toEqual(expect.arrayContaining([...ended]));
  });

  it('R99: a database that cannot be reached is no error of the process, and the next run goes on', async () => {
    await insertUnused(1, BROWSER_IDLE_MS + MARGIN_MS + 1_000);
    const reading = vi
      .spyOn(server().provider(DatabaseClock), 'readMs')
      .mockRejectedValueOnce(new Error('The database is away.'));
    await job().purgeInTurn();
    reading.mockRestore();
    await job().purgeInTurn();
    expect(await job().purgeOnce()).toBe(0);
  });
});
