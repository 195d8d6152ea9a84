import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'libsql';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AuditEventEntity } from '../../src/audit/audit-event.entity.js';
import { AuditChain } from '../../src/audit/audit-chain.js';
import { AuditStore } from '../../src/audit/audit-store.js';
import { AuditVerifier } from '../../src/audit/audit-verifier.js';
import { Journal } from '../../src/audit/journal/journal.js';
import { JournalShipment } from '../../src/audit/journal/journal-shipment.js';
import { Clock } from '../../src/common/time/clock.js';
import { SECRETS } from '../../src/config/config.module.js';
import type { Secrets } from '../../src/config/secrets.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { eventOf } from '../support/audit-events.js';
import { unique } from '../support/each-database.js';
import { startLoad, waitForAnswers } from '../support/load.client.js';
import { BUILT_SOURCES } from '../support/project-build.js';
import { compare, reads, startRestartableServer, type RestartableServer } from '../support/restartable-server.js';
import { startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

const THREAD = join(BUILT_SOURCES, 'audit', 'audit-store-thread.js');
const ENDING_THREAD = join(import.meta.dirname, '..', 'support', 'ending-store.thread.mjs');

/** Longer than the thread of the requests may wait for a lock, with room for a busy machine: nothing is answered meanwhile. */
const LOCK_WAIT_MS = 3_500;

describe('storing events in a thread, on SQLite', () => {
  let server: ScopegateFixture;
  let folder: TemporaryFolder;
  let store: AuditStore;
  beforeAll(async () => {
    server = await startScopegateFixture();
    folder = createTemporaryFolder('store');
  });
  afterEach(() => store.onApplicationShutdown());
  afterAll(async () => {
    await server.stop();
    await folder.remove();
  });

  const open = (threadFile: string): JournalShipment => {
    const secrets = server.app.get<Secrets>(SECRETS);
    store = new AuditStore(server.provider(DataSource), secrets, threadFile);
    const unitOfWork = server.provider(UnitOfWork);
    const name = unique('node');
    const journal = new Journal(join(folder.path, name));
    return new JournalShipment(
      journal,
      name,
      unitOfWork,
      new AuditChain(secrets, unitOfWork, store),
      server.provider(Clock),
    );
  };
  const requestIds = async (chain: string): Promise<readonly (string | null)[]> => {
    const rows = await server
      .provider(DataSource)
      .manager.find(AuditEventEntity, { where: { chain }, order: { chainSequence: 'ASC' } });
    return rows.map((row) => row.requestId);
  };
  const isIntact = async (): Promise<boolean> =>
    (await server.provider(AuditVerifier).verify({ fromMs: null, toMs: null })).intact;

  it('R62: events are stored once, in their order and linked', async () => {
    const shipment = open(THREAD);
    const details = [null, { subject: 'Zoë "quoted" \\ back', list: [1, 2.5, null, true] }];
    const events = Array.from({ length: 1_234 }, (_, index) => eventOf({ detail: details[index % 2] ?? null }));
    for (const event of events) shipment.append(event);
    await shipment.ship();
    shipment.journal.close();
    expect(store.isUsable).toBe(true);
    expect(await requestIds(shipment.chainName)).toEqual(events.map((event) => event.requestId));
    expect(await isIntact()).toBe(true);
  });

  it('R62: a change that is made meanwhile waits for its turn and fails for no lock', async () => {
    const shipment = open(THREAD);
    for (let count = 0; count < 3_000; count += 1) shipment.append(eventOf());
    const shipping = shipment.ship();
    let isShipping = true;
    void shipping.finally(() => (isShipping = false));
    let made = 0;
    do {
      const answer = await server.admin.post('/groups', { name: unique('group') });
      expect(answer.status).toBe(201);
      made += 1;
    } while (isShipping);
    await shipping;
    shipment.journal.close();
    expect(made).toBeGreaterThan(0);
    expect(await requestIds(shipment.chainName)).toHaveLength(3_000);
    expect(await isIntact()).toBe(true);
  });

  it('R62: what a thread has stored that ended before it could say so is not stored again', async () => {
    const shipment = open(ENDING_THREAD);
    const events = Array.from({ length: 30 }, () => eventOf());
    for (const event of events) shipment.append(event);
    await shipment.ship().catch(() => undefined);
    expect(store.isUsable).toBe(false);
    const late = eventOf();
    shipment.append(late);
    await shipment.ship();
    shipment.journal.close();
    expect(await requestIds(shipment.chainName)).toEqual([...events, late].map((event) => event.requestId));
    expect(await isIntact()).toBe(true);
  });
});

describe('a lock of another process on the SQLite file', () => {
  let server: RestartableServer | undefined;
  afterEach(async () => server?.end());

  // Every event is read again at the end: one connection makes enough of them, and a busy machine reads slowly.
  it('R62, R81: holds up storing, and no request', { timeout: 300_000 }, async () => {
    server = await startRestartableServer();
    const load = startLoad(server.node().port, 1, reads(server));
    await waitForAnswers(load, 50);
    const other = new Database(join(server.node().dataFolder, 'scopegate.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    let answered = load.answers.length;
    // Counted and not measured: a machine that stands still holds up both.
    let pauses = 0;
    let mostPauses = 0;
    do {
      await sleep(20);
      pauses = load.answers.length > answered ? 0 : pauses + 1;
      answered = load.answers.length;
      mostPauses = Math.max(mostPauses, pauses);
    } while (!server.node().output().includes('Audit events cannot be stored'));
    await waitForAnswers(load, answered + 50);
    expect(mostPauses * 20).toBeLessThan(LOCK_WAIT_MS);
    other.exec('ROLLBACK');
    other.close();
    await load.stop();
    // After a failure, storing is tried again after a pause.
    while (compare(load.answers, await server.events()).missing > 0) await sleep(100);
    expect(compare(load.answers, await server.events())).toEqual({ missing: 0, duplicates: 0 });
    const verified = await server.admin().post<{ intact: boolean }>('/audit-events/verify', {});
    expect(verified.body.intact).toBe(true);
  });
});
