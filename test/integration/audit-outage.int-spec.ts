import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { describeWithMariaDb } from '../support/external-servers.js';
import { startLoad, waitForAnswers } from '../support/load.client.js';
import type { MariaDbServer } from '../support/maria-db.server.js';
import { compare, reads, startRestartableServer, type RestartableServer } from '../support/restartable-server.js';
import type { TestEvent } from '../support/scopegate.fixture.js';
import { createSecrets, startScopegate } from '../support/scopegate.process.js';
import { mountSmallDisk } from '../support/small-disk.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';
import { createTestToken } from '../support/test-application.js';

// Under load, a journal takes a while to fill.
vi.setConfig({ testTimeout: 240_000 });

/** The states of all threads of a process, from /proc: `T` is stopped. */
function threadStates(pid: number): ReadonlySet<string> {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return new Set(
    tasks.map((task) => {
      const stat = readFileSync(`/proc/${pid}/task/${task}/stat`, 'latin1');
      return stat.charAt(stat.lastIndexOf(')') + 2);
    }),
  );
}

describeWithMariaDb('a database that is away', (mariaDb: () => MariaDbServer) => {
  let server: RestartableServer | undefined;
  let unused = '';
  afterEach(async () => {
    await mariaDb().restart();
    await server?.end();
    server = undefined;
  });

  /** Starts a server on a new database, and creates a token that the server has not looked up when it is used. */
  async function start(env: Readonly<Record<string, string>>): Promise<RestartableServer> {
    // Long enough for what these tests do meanwhile.
    const patient = { DATABASE_URL: await mariaDb().createDatabase(), SCOPEGATE_MAX_STALENESS_MS: '600000' };
    server = await startRestartableServer({ env: { ...patient, ...env } });
    unused = (await createTestToken(server.admin())).secret;
    return server;
  }

  async function statusAndCode(secret: string): Promise<readonly [number, string | undefined]> {
    const answer = await fetch(`${server?.node().url}/app/x`, { headers: { Authorization: `Bearer ${secret}` } });
    return [answer.status, ((await answer.json()) as { code?: string }).code];
  }

  it('R62: known tokens go on, what is not known is a 503, and every event arrives once when it is back', async () => {
    server = await start({});
    const load = startLoad(server.node().port, 8, reads(server));
    await waitForAnswers(load, 300);
    await mariaDb().kill9();
    const before = load.answers.length;
    await sleep(1_500);
    expect(await statusAndCode(unused)).toEqual([503, 'policy_unavailable']);
    const login = await server.admin().get<{ code: string }>('/tokens');
    expect([login.status, login.body.code]).toEqual([503, 'policy_unavailable']);
    expect(await statusAndCode('sg_wrong')).toEqual([401, 'credential_invalid']);
    await sleep(1_500);
    const during = load.answers.slice(before);
    expect(during.length).toBeGreaterThan(30);
    expect(new Set(during.map((answer) => answer.status))).toEqual(new Set([200, 403]));
    await mariaDb().restart();
    await expect.poll(() => statusAndCode(unused)).toEqual([200, undefined]);
    await load.stop();
    const events = await server.events();
    process.stdout.write(
      `outage: ${load.answers.length} answered, ${events.length} found, ${JSON.stringify(compare(load.answers, events))}\n`,
    );
    expect(compare(load.answers, events)).toEqual({ missing: 0, duplicates: 0 });
    expect((await server.admin().post<{ intact: boolean }>('/audit-events/verify', {})).body.intact).toBe(true);
    expect(server.node().hasExited()).toBe(false);
  });

  it('R62, R64: one of several nodes goes on for as long as its rules may be old, and is a 503 then, never a 401', async () => {
    const env = {
      DATABASE_URL: await mariaDb().createDatabase(),
      SCOPEGATE_MAX_STALENESS_MS: '8000',
      ...createSecrets(),
    };
    server = await start(env);
    const other = await startScopegate({ env });
    try {
      const load = startLoad(server.node().port, 4, reads(server));
      await waitForAnswers(load, 50);
      await mariaDb().kill9();
      const killedAtMs = performance.now();
      await expect.poll(() => load.answers.at(-1)?.status, { interval: 20 }).toBe(503);
      expect(performance.now() - killedAtMs).toBeGreaterThan(2_500);
      expect(await statusAndCode(server.token.secret)).toEqual([503, 'policy_unavailable']);
      expect(await statusAndCode('sg_wrong')).toEqual([503, 'policy_unavailable']);
      await mariaDb().restart();
      await expect.poll(() => statusAndCode(server?.token.secret ?? '')).toEqual([200, undefined]);
      await load.stop();
      expect(new Set(load.answers.map((answer) => answer.status))).toEqual(new Set([200, 403, 503]));
      const refused = load.answers.filter((answer) => answer.status === 503);
      expect(new Set(refused.map((answer) => answer.code))).toEqual(new Set(['policy_unavailable']));
      const answered = load.answers.filter((answer) => answer.status !== 503);
      expect(compare(answered, await server.events())).toEqual({ missing: 0, duplicates: 0 });
    } finally {
      await other.stop();
    }
  });

  it('R62, R80: a database that does not answer at all is one that is away, and the only node goes on', async () => {
    server = await start({ SCOPEGATE_SINGLE_NODE: 'true', SCOPEGATE_MAX_STALENESS_MS: '1000' });
    expect(await statusAndCode(server.token.secret)).toEqual([200, undefined]);
    process.kill(mariaDb().pid, 'SIGSTOP');
    try {
      // A process with many threads is stopped one thread after the other: until then it may still answer.
      await expect.poll(() => threadStates(mariaDb().pid)).toEqual(new Set(['T']));
      const load = startLoad(server.node().port, 2, reads(server));
      const startedMs = performance.now();
      expect(await statusAndCode(unused)).toEqual([503, 'policy_unavailable']);
      expect(performance.now() - startedMs).toBeLessThan(12_000);
      await load.stop();
      expect(load.answers.length).toBeGreaterThan(50);
      expect(new Set(load.answers.map((answer) => answer.status))).toEqual(new Set([200, 403]));
      process.kill(mariaDb().pid, 'SIGCONT');
      expect(compare(load.answers, await server.events())).toEqual({ missing: 0, duplicates: 0 });
    } finally {
      process.kill(mariaDb().pid, 'SIGCONT');
    }
  });

  it('R62: a full journal is a 503 audit_unavailable and never a 401, and the audit counts them later', async () => {
    server = await start({ SCOPEGATE_JOURNAL_MAX_BYTES: '65536' });
    const load = startLoad(server.node().port, 4, reads(server));
    await waitForAnswers(load, 100);
    await mariaDb().kill9();
    await expect.poll(() => load.answers.at(-1)?.status).toBe(503);
    expect(await statusAndCode(server.token.secret)).toEqual([503, 'audit_unavailable']);
    expect(await statusAndCode(unused)).toEqual([503, 'audit_unavailable']);
    expect(await statusAndCode('sg_wrong')).toEqual([503, 'audit_unavailable']);
    const management = await server.admin().get<{ code: string }>('/me');
    expect([management.status, management.body.code]).toEqual([503, 'audit_unavailable']);
    const ready = await fetch(`${server.node().url}/health/ready`);
    expect(ready.status).toBe(503);
    await mariaDb().restart();
    await expect.poll(() => statusAndCode(server?.token.secret ?? '')).toEqual([200, undefined]);
    await load.stop();
    const refused = load.answers.filter((answer) => answer.status === 503);
    expect(new Set(refused.map((answer) => answer.code))).toEqual(new Set(['audit_unavailable']));
    const answered = load.answers.filter((answer) => answer.status !== 503);
    expect(compare(answered, await server.events())).toEqual({ missing: 0, duplicates: 0 });
    const turnedAway = await server
      .admin()
      .get<{ items: readonly TestEvent[] }>('/audit-events?code=audit_unavailable');
    expect(turnedAway.body.items.every((event) => event.type === 'request.failed')).toBe(true);
    // Those of the load, and the four requests above, the one to the management API among them.
    expect(turnedAway.body.items.reduce((sum, event) => sum + event.count, 0)).toBeGreaterThanOrEqual(
      refused.length + 4,
    );
  });

  it('R62: a full disk is a 503 audit_unavailable, and is used again as soon as there is room', async (context) => {
    const folder = createTemporaryFolder('full');
    const unmount = mountSmallDisk(join(folder.path, 'journal'));
    if (unmount === null) return context.skip('no file system can be mounted here');
    try {
      server = await start({ SCOPEGATE_DATA_DIR: folder.path });
      const load = startLoad(server.node().port, 8, reads(server));
      await waitForAnswers(load, 100);
      await mariaDb().kill9();
      const isFull = (): boolean => load.answers.some((answer) => answer.status === 503);
      await expect.poll(isFull, { timeout: 120_000 }).toBe(true);
      expect(await statusAndCode(server.token.secret)).toEqual([503, 'audit_unavailable']);
      expect((await fetch(`${server.node().url}/health/ready`)).status).toBe(503);
      await mariaDb().restart();
      await expect.poll(() => statusAndCode(server?.token.secret ?? '')).toEqual([200, undefined]);
      await load.stop();
      const refused = load.answers.filter((answer) => answer.status === 503);
      expect(new Set(refused.map((answer) => answer.code))).toEqual(new Set(['audit_unavailable']));
      const answered = load.answers.filter((answer) => answer.status !== 503);
      process.stdout.write(
        `full disk: ${answered.length} answered, ${refused.length} refused, ${load.broken} broken\n`,
      );
      expect(compare(answered, await server.events())).toEqual({ missing: 0, duplicates: 0 });
      // What the application may have done for those that were broken off is nowhere else.
      const brokenOff = async (): Promise<number | undefined> =>
        (
          await server?.admin().get<{ items: readonly TestEvent[] }>('/audit-events?code=audit_unrecorded')
        )?.body.items.reduce((sum, event) => sum + event.count, 0);
      await expect.poll(brokenOff).toBe(load.broken);
      expect(server.node().hasExited()).toBe(false);
    } finally {
      await server?.node().stop();
      unmount();
    }
  });
});
