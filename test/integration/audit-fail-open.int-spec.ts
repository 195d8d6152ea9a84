import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { describeWithMariaDb } from '../support/external-servers.js';
import { startLoad, waitForAnswers, type Load } from '../support/load.client.js';
import type { MariaDbServer } from '../support/maria-db.server.js';
import { reads, startRestartableServer, type RestartableServer } from '../support/restartable-server.js';
import type { TestEvent } from '../support/scopegate.fixture.js';
import { mountSmallDisk } from '../support/small-disk.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';

// Under load, a journal takes a while to fill.
vi.setConfig({ testTimeout: 240_000 });

describeWithMariaDb('audit.failOpen', (mariaDb: () => MariaDbServer) => {
  let server: RestartableServer | undefined;
  afterEach(async () => {
    await mariaDb().restart();
    await server?.end();
    server = undefined;
  });

  /** A server whose journal takes 64 KiB, or what its disk takes. */
  async function startFailingOpen(env: Record<string, string>): Promise<RestartableServer> {
    // Long enough for what these tests do meanwhile.
    const patient = { DATABASE_URL: await mariaDb().createDatabase(), SCOPEGATE_MAX_STALENESS_MS: '600000' };
    const started = await startRestartableServer({ env: { ...patient, ...env } });
    const answer = await started
      .admin()
      .patch<{ warnings: readonly { code: string }[] }>('/settings', { audit: { failOpen: true } });
    expect(answer.status).toBe(200);
    expect(answer.body.warnings.map(({ code }) => code)).toContain('audit_fails_open');
    return started;
  }

  async function figure(name: string): Promise<number> {
    const text = await (await fetch(`${server?.node().url}/metrics`)).text();
    const line = text.split('\n').find((candidate) => candidate.startsWith(`scopegate_${name} `));
    return Number(line?.split(' ').at(-1));
  }

  const unrecorded = (fate: string): Promise<number> => figure(`audit_unrecorded_total{fate="${fate}"}`);

  /** Sends no request to the management API before: it would be counted like any other request. */
  async function waitForRoom(): Promise<void> {
    await expect.poll(() => figure('journal_writable')).toBe(1);
    await expect.poll(() => figure('journal_backlog_bytes')).toBe(0);
  }

  async function gaps(): Promise<readonly TestEvent[]> {
    const answer = await server
      ?.admin()
      .get<{ items: readonly TestEvent[] }>('/audit-events?type=requests.unrecorded&limit=200');
    return answer?.body.items ?? [];
  }

  const sumOf = (events: readonly TestEvent[]): number => events.reduce((sum, event) => sum + event.count, 0);

  /** Every answer has an event of its own, or is one of those that were counted. */
  async function expectAllAccountedFor(load: Load): Promise<void> {
    const counted = sumOf(await gaps());
    const events = await server?.events();
    const stored = new Set(events?.map((event) => event.requestId));
    const withEvent = load.answers.filter(({ requestId }) => stored.has(requestId)).length;
    const asked = new Set(load.answers.map(({ requestId }) => requestId));
    process.stdout.write(
      `fail open: ${load.answers.length} answered, ${withEvent} with an event, ${counted} counted, ${load.broken} broken\n`,
    );
    expect(withEvent + counted).toBe(load.answers.length);
    expect(events?.filter(({ requestId }) => asked.has(requestId ?? ''))).toHaveLength(withEvent);
    expect(load.broken).toBe(0);
    expect(new Set(load.answers.map(({ status }) => status))).toEqual(new Set([200, 403]));
    expect((await server?.admin().post<{ intact: boolean }>('/audit-events/verify', {}))?.body.intact).toBe(true);
  }

  it('R62: with a full journal requests are let through, and their exact number is an event of its own', async () => {
    server = await startFailingOpen({ SCOPEGATE_JOURNAL_MAX_BYTES: '65536' });
    const load = startLoad(server.node().port, 4, reads(server));
    await waitForAnswers(load, 100);
    await mariaDb().kill9();
    await expect.poll(() => unrecorded('let-through'), { timeout: 120_000 }).toBeGreaterThan(100);
    await load.stop();
    const counted = await unrecorded('let-through');
    expect(await figure('journal_writable')).toBe(0);
    await mariaDb().restart();
    await waitForRoom();
    await expect.poll(async () => sumOf(await gaps())).toBe(counted);
    const [gap] = await gaps();
    expect([gap?.outcome, gap?.code]).toEqual(['allowed', 'audit_unrecorded']);
    await expectAllAccountedFor(load);
    expect(await unrecorded('turned-away')).toBe(0);
    const log = server.node().output();
    expect(log).toContain('WITHOUT A RECORD');
    expect(log).toContain(`${counted} request(s) were answered without a record`);
  });

  it('R62: an answer whose event a full disk does not take is sent, and counted', async (context) => {
    const folder = createTemporaryFolder('full');
    const unmount = mountSmallDisk(join(folder.path, 'journal'));
    if (unmount === null) return context.skip('no file system can be mounted here');
    try {
      server = await startFailingOpen({ SCOPEGATE_DATA_DIR: folder.path });
      const load = startLoad(server.node().port, 8, reads(server));
      await waitForAnswers(load, 100);
      await mariaDb().kill9();
      await expect.poll(() => unrecorded('let-through'), { timeout: 120_000 }).toBeGreaterThan(100);
      await load.stop();
      await mariaDb().restart();
      await waitForRoom();
      const counted = await unrecorded('let-through');
      await expect.poll(async () => sumOf(await gaps())).toBe(counted);
      await expectAllAccountedFor(load);
      expect(await unrecorded('broken-off')).toBe(0);
    } finally {
      await server?.node().stop();
      unmount();
    }
  });

  it('R62: the number of those let through is kept by a stop in the midst of it', async () => {
    server = await startFailingOpen({ SCOPEGATE_JOURNAL_MAX_BYTES: '65536' });
    const load = startLoad(server.node().port, 4, reads(server));
    await waitForAnswers(load, 50);
    await mariaDb().kill9();
    await expect.poll(() => unrecorded('let-through')).toBeGreaterThan(50);
    await load.stop();
    expect(await server.node().stop()).toBe(0);
    await mariaDb().restart();
    await server.startAgain();
    await expectAllAccountedFor(load);
  });

  it('R62: switched off again, requests are turned away again', async () => {
    server = await startFailingOpen({ SCOPEGATE_JOURNAL_MAX_BYTES: '65536' });
    expect((await server.admin().patch('/settings', { audit: { failOpen: false } })).status).toBe(200);
    const load = startLoad(server.node().port, 4, reads(server));
    await waitForAnswers(load, 50);
    await mariaDb().kill9();
    await expect.poll(() => unrecorded('turned-away')).toBeGreaterThan(50);
    await load.stop();
    await mariaDb().restart();
    // What was turned away is recorded once there is room, and not before.
    await sleep(1_500);
    expect(await gaps()).toEqual([]);
    expect(await unrecorded('let-through')).toBe(0);
    const changes = await server
      .admin()
      .get<{ items: readonly { detail: { changes: unknown } }[] }>('/audit-events?type=settings.changed');
    expect(changes.body.items.slice(0, 2).map((event) => event.detail.changes)).toEqual([
      { 'audit.failOpen': { before: true, after: false } },
      { 'audit.failOpen': { before: false, after: true } },
    ]);
  });
});
