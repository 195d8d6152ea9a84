import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { childrenOf, isRunning } from '../support/child-processes.js';
import { describeWithMariaDb } from '../support/external-servers.js';
import { startLoad, waitForAnswers, type LoadAnswer } from '../support/load.client.js';
import { findProgram } from '../support/private-process.js';
import { compare, reads, startRestartableServer, type RestartableServer } from '../support/restartable-server.js';
import { basic, bearer, type TestEvent } from '../support/scopegate.fixture.js';
import {
  connectOnce,
  type SingleConnectionAnswer,
  type SingleConnectionClient,
} from '../support/single-connection.client.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';

/** How many files a process may have open, by the soft limit; those that it has open stay so. */
function limitOpenFiles(pid: number, limit: string): void {
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${limit}:`]);
}

// Some tests wait for workers to start again.
vi.setConfig({ testTimeout: 180_000 });

const ADMIN = { Authorization: basic('admin', 'correct horse battery')[1] };

describeWithMariaDb('two workers on one port', (mariaDb) => {
  const stops: (() => Promise<unknown> | void)[] = [];

  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  /** Starts a server for one test. LOG_LEVEL is `debug`: the log of a request then says which worker answers it. */
  async function start(env: Readonly<Record<string, string>> = {}): Promise<RestartableServer> {
    const server = await startTwoWorkers({ DATABASE_URL: await mariaDb().createDatabase(), ...env });
    stops.push(() => server.end());
    return server;
  }

  const startTwoWorkers = (env: Readonly<Record<string, string>>): Promise<RestartableServer> =>
    startRestartableServer({ env: { SCOPEGATE_WORKERS: '2', LOG_LEVEL: 'debug', ...env } });

  /** Each worker stores its events a moment after it has answered, and either can be asked for all of them. */
  async function expectAllStored(server: RestartableServer, answers: readonly LoadAnswer[]): Promise<void> {
    await expect.poll(async () => compare(answers, await server.events())).toEqual({ missing: 0, duplicates: 0 });
  }

  /** Does something that ends workers, and waits until so many others have taken their places. */
  async function expectReplaced(server: RestartableServer, count: number, endWorkers: () => void): Promise<void> {
    // Counted in the text: under load, the log is too long to parse all of it again and again.
    const replaced = (): number => server.node().output().split('A worker is ready again.').length - 1;
    const before = replaced();
    endWorkers();
    await expect.poll(() => replaced() - before, { timeout: 60_000, interval: 200 }).toBe(count);
  }

  /** Which worker a connection leads to, from the log line of a request. */
  async function workerOf(server: RestartableServer, client: SingleConnectionClient): Promise<number> {
    const { requestId } = await client.send({ path: '/health/live' });
    const lineOf = (): Readonly<Record<string, unknown>> | undefined =>
      server.node().logs.find((line) => line['requestId'] === requestId);
    await expect.poll(lineOf, { interval: 10 }).toBeDefined();
    return Number(lineOf()?.['worker']);
  }

  /** Opens one connection to each worker. */
  async function connectToBoth(
    server: RestartableServer,
  ): Promise<readonly [SingleConnectionClient, SingleConnectionClient]> {
    const found = new Map<number, SingleConnectionClient>();
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const client = connectOnce(server.node().port);
      stops.push(() => client.close());
      found.set(await workerOf(server, client), client);
      const [one, other] = [found.get(1), found.get(2)];
      if (one !== undefined && other !== undefined) return [one, other];
    }
    throw new Error('Twenty connections have led to one worker.');
  }

  /** Kills a worker under load; answers go on, another one takes its place, and nothing that was answered is lost. */
  async function expectReplacement(server: RestartableServer, answersBefore: number): Promise<void> {
    const { pid, port } = server.node();
    const before = childrenOf(pid);
    expect(before).toHaveLength(2);
    const load = startLoad(port, 16, reads(server));
    await waitForAnswers(load, answersBefore);
    for (const worker of before.slice(1)) process.kill(worker, 'SIGKILL');
    await expect.poll(() => childrenOf(pid).filter((child) => !before.includes(child))).toHaveLength(1);
    const workersThatAnswer = async (): Promise<string | undefined> => {
      const answer = await fetch(`${server.node().url}/metrics`);
      return /^scopegate_workers (\d+)$/m.exec(await answer.text())?.[1];
    };
    await expect.poll(workersThatAnswer).toBe('2');
    const wanted = load.answers.length + 200;
    await waitForAnswers(load, wanted);
    await load.stop();
    expect(load.answers.length).toBeGreaterThanOrEqual(wanted);
    await expectAllStored(server, load.answers);
  }

  const codeOf = ({ body }: SingleConnectionAnswer): unknown => (body as { code?: unknown }).code;

  describe('one server for all these tests', () => {
    let server: RestartableServer;
    let databaseUrl = '';
    let auditFile = '';

    beforeAll(async () => {
      databaseUrl = await mariaDb().createDatabase();
      const folder = createTemporaryFolder('stream');
      auditFile = join(folder.path, 'audit.log');
      server = await startTwoWorkers({ DATABASE_URL: databaseUrl, SCOPEGATE_AUDIT_FILE: auditFile });
      return async () => {
        await server.end();
        await folder.remove();
      };
    });

    // After a test that has failed, the next one finds a server that runs.
    beforeEach(async () => {
      if (server.node().hasExited()) await server.startAgain();
    });

    /** How many events of requests for the application the chain of each worker has. */
    async function eventsByChain(): Promise<ReadonlyMap<string, number>> {
      const database = await createConnection(databaseUrl);
      try {
        const [rows] = await database.query(
          "SELECT chain, COUNT(*) AS events FROM audit_events WHERE application = 'app' AND chain <> 'changes' GROUP BY chain",
        );
        return new Map((rows as { chain: string; events: number }[]).map(({ chain, events }) => [chain, events]));
      } finally {
        await database.end();
      }
    }

    it('R62: both take requests, and every answer is one event, in the chain of the worker that gave it', async () => {
      const before = await eventsByChain();
      const load = startLoad(server.node().port, 16, reads(server));
      await waitForAnswers(load, 1_000);
      await load.stop();
      await expectAllStored(server, load.answers);
      const added = [...(await eventsByChain())].map(([chain, events]) => events - (before.get(chain) ?? 0));
      expect(added).toHaveLength(2);
      expect(Math.min(...added) / load.answers.length).toBeGreaterThan(0.25);
      expect((await server.admin().post<{ intact: boolean }>('/audit-events/verify', {})).body.intact).toBe(true);
    });

    it('R64: a revocation and a change of settings made through one act on the other within a second', async () => {
      const [one, other] = await connectToBoth(server);
      const proxied = { path: '/app/x', headers: server.token.headers };
      for (const [changing, affected] of [
        [one, other],
        [other, one],
      ] as const) {
        const made = await changing.send({
          method: 'POST',
          path: '/api/v1/tokens',
          headers: ADMIN,
          body: { description: 'short', scope: 'read-only' },
        });
        const { id, secret } = made.body as { id: string; secret: string };
        const use = { path: '/app/x', headers: { Authorization: bearer(secret)[1] } };
        expect((await affected.send(use)).status).toBe(200);
        const path = `/api/v1/tokens/${id}`;
        expect((await changing.send({ method: 'DELETE', path, headers: ADMIN })).status).toBe(204);
        expect(codeOf(await changing.send(use))).toBe('token_revoked');
        const revokedAtMs = performance.now();
        await expect.poll(async () => codeOf(await affected.send(use)), { interval: 5 }).toBe('token_revoked');
        expect(performance.now() - revokedAtMs).toBeLessThan(5_000);

        for (const [allowList, status] of [
          [['192.0.2.1'], 401],
          [[], 200],
        ] as const) {
          const body = { ipRestriction: { allowList } };
          const patch = { method: 'PATCH', path: '/api/v1/settings', headers: ADMIN, body };
          expect((await changing.send(patch)).status).toBe(200);
          expect((await changing.send(proxied)).status).toBe(status);
          const changedAtMs = performance.now();
          await expect.poll(async () => (await affected.send(proxied)).status, { interval: 5 }).toBe(status);
          expect(performance.now() - changedAtMs).toBeLessThan(5_000);
        }
      }
    });

    it('R51: failures on both are counted together, and by each alone while the primary process does not answer', async () => {
      const [one, other] = await connectToBoth(server);
      const throttle = async (throttling: { maxFailures: number; windowSeconds: number }): Promise<void> => {
        const patch = { method: 'PATCH', path: '/api/v1/settings', headers: ADMIN, body: { throttling } };
        expect((await one.send(patch)).status).toBe(200);
        await expect
          .poll(async () => {
            const settings = await other.send({ path: '/api/v1/settings', headers: ADMIN });
            return (settings.body as { throttling: unknown }).throttling;
          })
          .toMatchObject(throttling);
      };
      await throttle({ maxFailures: 4, windowSeconds: 60 });
      const wrongToken = (name: string): { path: string; headers: Record<string, string> } => ({
        path: '/app/x',
        headers: { Authorization: basic(name, 'sg_wrong')[1] },
      });
      for (const client of [one, other, one, other]) {
        expect(codeOf(await client.send(wrongToken('mallory')))).toBe('credential_invalid');
      }
      expect(codeOf(await one.send(wrongToken('mallory')))).toBe('too_many_failures');
      expect(codeOf(await other.send(wrongToken('mallory')))).toBe('too_many_failures');
      // Both workers refuse a password as well, without checking it.
      const login = { path: '/api/v1/me', headers: { Authorization: basic('mallory', 'a wrong password')[1] } };
      expect(codeOf(await one.send(login))).toBe('too_many_failures');
      expect(codeOf(await other.send(login))).toBe('too_many_failures');

      process.kill(server.node().pid, 'SIGSTOP');
      try {
        const valid = { path: '/app/x', headers: server.token.headers };
        for (const client of [one, other]) {
          const codes: unknown[] = [];
          for (let time = 0; time < 5; time += 1) codes.push(codeOf(await client.send(wrongToken('oscar'))));
          expect(codes).toEqual([...Array<string>(4).fill('credential_invalid'), 'too_many_failures']);
          expect((await client.send(valid)).status).toBe(200);
        }
      } finally {
        process.kill(server.node().pid, 'SIGCONT');
        await throttle({ maxFailures: 0, windowSeconds: 60 });
      }
    });

    it('R62: the metrics of either are those of both, and counts go on when a worker is replaced', async () => {
      const clients = await connectToBoth(server);
      const use = { path: '/app/x', headers: server.token.headers };
      const allowed = 'scopegate_decisions_total{application="app",stage="",code="",outcome="allowed",door="proxy"}';
      const figure = (answer: SingleConnectionAnswer, name: string): number =>
        Number(
          String(answer.body)
            .split('\n')
            .find((line) => line.startsWith(`${name} `))
            ?.slice(name.length),
        );
      const durations = 'scopegate_decision_duration_seconds_count{application="app",door="proxy"}';
      const before = await clients[0].send({ path: '/metrics' });
      for (let time = 0; time < 7; time += 1) for (const client of clients) await client.send(use);
      const [allowedBefore, durationsBefore] = [figure(before, allowed) || 0, figure(before, durations) || 0];
      for (const client of clients) {
        const metrics = await client.send({ path: '/metrics' });
        expect(figure(metrics, allowed)).toBe(allowedBefore + 14);
        expect(figure(metrics, durations)).toBe(durationsBefore + 14);
        expect(figure(metrics, 'scopegate_workers')).toBe(2);
        // A state is not added up: the worse one of the two is shown.
        expect(figure(metrics, 'scopegate_journal_writable')).toBe(1);
        expect(String(metrics.body)).toMatch(/^scopegate_build_info\{.*\} 1$/m);
      }
      const [one, other] = clients;
      const [firstPid] = childrenOf(server.node().pid);
      if (firstPid === undefined) throw new Error('There is no worker.');
      await expectReplaced(server, 1, () => process.kill(firstPid, 'SIGKILL'));
      const survivor = await other.send({ path: '/health/live' }).then(
        () => other,
        () => one,
      );
      await survivor.send(use);
      const metrics = await survivor.send({ path: '/metrics' });
      expect(figure(metrics, allowed)).toBe(allowedBefore + 15);
      expect(figure(metrics, 'scopegate_workers')).toBe(2);
    });

    it('R58: both append to one audit file, in whole lines, each event once', async () => {
      const load = startLoad(server.node().port, 16, reads(server));
      await waitForAnswers(load, 1_000);
      await load.stop();
      const requestIds = new Set(load.answers.map(({ requestId }) => requestId));
      // A change is one more event with the id of its request: only the events of the load are one for each request.
      const ofTheLoad = (): readonly TestEvent[] =>
        readFileSync(auditFile, 'utf8')
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line) as TestEvent)
          .filter(({ requestId }) => requestId !== null && requestIds.has(requestId));
      await expect.poll(() => compare(load.answers, ofTheLoad())).toEqual({ missing: 0, duplicates: 0 });
      expect(new Set(load.answers.map(({ status }) => status))).toEqual(new Set([200, 403]));
    });

    it.each([1, 2])(
      'R62: kill -9 of %i under load loses nothing that was answered, and it is replaced',
      async (count) => {
        const answers: LoadAnswer[] = [];
        let broken = 0;
        for (let round = 1; round <= 2; round += 1) {
          const before = childrenOf(server.node().pid);
          expect(before).toHaveLength(2);
          const load = startLoad(server.node().port, 16, reads(server));
          await waitForAnswers(load, 500);
          await expectReplaced(server, count, () => {
            for (const pid of before.slice(0, count)) process.kill(pid, 'SIGKILL');
          });
          await waitForAnswers(load, load.answers.length + 200);
          await load.stop();
          answers.push(...load.answers);
          broken += load.broken;
        }
        expect(broken).toBeGreaterThan(0);
        await expectAllStored(server, answers);
        expect((await server.admin().post<{ intact: boolean }>('/audit-events/verify', {})).body.intact).toBe(true);
      },
    );

    it.runIf(findProgram('prlimit') !== undefined)(
      'R62: where the system has no room for another process, the primary goes on, and tries again later',
      async () => {
        const { pid } = server.node();
        const [steady, other] = childrenOf(pid);
        if (steady === undefined || other === undefined) throw new Error('There are no two workers.');
        // No file may be opened beyond those that are: the channel to another process is one.
        limitOpenFiles(pid, '3');
        process.kill(other, 'SIGKILL');
        const failures = (): readonly Readonly<Record<string, unknown>>[] =>
          server.node().logs.filter(({ message }) => String(message).startsWith('A worker cannot start: '));
        await expect.poll(() => failures().length).toBeGreaterThanOrEqual(2);
        const seen = failures();
        expect(seen.every(({ level, worker }) => level === 'error' && worker === seen[0]?.['worker'])).toBe(true);
        await expectReplaced(server, 1, () => limitOpenFiles(pid, '1024'));
        expect(childrenOf(pid)).toContain(steady);
        expect((await server.admin().get('/me')).status).toBe(200);
      },
    );

    it('R62: kill -9 of the primary process ends the workers, who store what they have', async () => {
      const workers = childrenOf(server.node().pid);
      const load = startLoad(server.node().port, 16, reads(server));
      await waitForAnswers(load, 500);
      await server.node().kill9();
      await expect.poll(() => workers.filter(isRunning)).toEqual([]);
      await load.stop();
      await server.startAgain();
      expect(childrenOf(server.node().pid)).toHaveLength(2);
      expect(compare(load.answers, await server.events())).toEqual({ missing: 0, duplicates: 0 });
    });

    it.each(['SIGTERM', 'SIGINT'] as const)(
      'R62: %s to the whole group ends all of them with 0, and every answer is stored',
      async (signal) => {
        const { pid } = server.node();
        const workers = childrenOf(pid);
        expect(workers).toHaveLength(2);
        const load = startLoad(server.node().port, 16, reads(server));
        await waitForAnswers(load, 500);
        // As a terminal does with Ctrl-C, and a service manager with a stop.
        for (const each of [...workers, pid, pid]) process.kill(each, signal);
        expect(await server.node().stop()).toBe(0);
        expect(workers.filter(isRunning)).toEqual([]);
        await load.stop();
        expect(server.node().output()).not.toMatch(/could not stop|has ended/);
        await server.startAgain();
        expect(compare(load.answers, await server.events())).toEqual({ missing: 0, duplicates: 0 });
      },
    );
  });

  describe('one server for each test', () => {
    it('R62: a log whose reader has gone away keeps no worker from serving, from being replaced or from ending', async () => {
      const server = await start();
      server.node().closeOutput();
      await expectReplacement(server, 1_000);
      expect(await server.node().stop()).toBe(0);
    });

    it('R62: a log whose reader stalls keeps no worker from being replaced', async () => {
      const server = await start();
      server.node().stallOutput();
      // More than fits between the processes.
      await expectReplacement(server, 5_000);
      server.node().closeOutput();
      expect(await server.node().stop()).toBe(0);
    });
    it('R64: while the database is away, both go on with the rules they know for a while only', async () => {
      const server = await start({ SCOPEGATE_MAX_STALENESS_MS: '6000' });
      const clients = await connectToBoth(server);
      const use = { path: '/app/x', headers: server.token.headers };
      for (const client of clients) await expect.poll(async () => (await client.send(use)).status).toBe(200);
      await mariaDb().kill9();
      try {
        for (const client of clients) {
          await expect.poll(async () => codeOf(await client.send(use))).toBe('policy_unavailable');
        }
      } finally {
        await mariaDb().restart();
      }
      for (const client of clients) {
        await expect.poll(async () => (await client.send(use)).status).toBe(200);
      }
    });

    it('R80: of a single node, both go on for as long as the database is away', async () => {
      const server = await start({
        SCOPEGATE_MAX_STALENESS_MS: '1000',
        SCOPEGATE_SINGLE_NODE: 'true',
      });
      const clients = await connectToBoth(server);
      const use = { path: '/app/x', headers: server.token.headers };
      for (const client of clients) expect((await client.send(use)).status).toBe(200);
      await mariaDb().kill9();
      try {
        const awayAtTick = performance.now();
        while (performance.now() - awayAtTick < 6_000) {
          for (const client of clients) expect((await client.send(use)).status).toBe(200);
          await sleep(100);
        }
      } finally {
        await mariaDb().restart();
      }
      expect(server.node().output()).not.toContain('SCOPEGATE_SINGLE_NODE is true');
    });
  });
});
