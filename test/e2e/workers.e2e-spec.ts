import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { afterEach, describe, expect, it } from 'vitest';
import { compare, reads, startWorld, waitForAnswers, type World } from '../support/audited-world.js';
import { childrenOf, isRunning } from '../support/child-processes.js';
import { describeWithMariaDb } from '../support/external-part.js';
import { startLoad, type LoadAnswer } from '../support/load.client.js';
import { findProgram } from '../support/private-process.js';
import { basic, bearer } from '../support/scopegate.fixture.js';
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

const ADMIN = { Authorization: basic('admin', 'correct horse battery')[1] };

describeWithMariaDb('two workers on one port', (mariaDb) => {
  const stops: (() => Promise<unknown> | void)[] = [];
  let databaseUrl = '';

  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  async function start(env: Readonly<Record<string, string>> = {}): Promise<World> {
    databaseUrl = await mariaDb().createDatabase();
    const world = await startWorld({ DATABASE_URL: databaseUrl, SCOPEGATE_WORKERS: '2', ...env });
    stops.push(() => world.end());
    return world;
  }

  /** Each worker stores its events a moment after it has answered, whichever is asked for them. */
  async function expectAllStored(world: World, answers: readonly LoadAnswer[]): Promise<void> {
    await expect
      .poll(async () => compare(answers, await world.events()), { timeout: 10_000 })
      .toEqual({ missing: 0, duplicates: 0 });
  }

  async function untilReplaced(world: World, times: number): Promise<void> {
    const replaced = (): number =>
      world.server().logs.filter(({ message }) => message === 'A worker is ready again.').length;
    await expect.poll(replaced, { timeout: 20_000 }).toBe(times);
  }

  /** The chains of the events of requests for the application: one for each worker; and how many events each has. */
  async function eventsByChain(): Promise<readonly number[]> {
    const database = await createConnection(databaseUrl);
    try {
      const [rows] = await database.query(
        "SELECT COUNT(*) AS events FROM audit_events WHERE application = 'app' AND chain <> 'changes' GROUP BY chain",
      );
      return (rows as { events: number }[]).map(({ events }) => events);
    } finally {
      await database.end();
    }
  }

  /** Which worker a connection leads to: the line of the log of a request says so. */
  async function workerOf(world: World, client: SingleConnectionClient): Promise<number> {
    const { requestId } = await client.send({ path: '/health/live' });
    const lineOf = (): Readonly<Record<string, unknown>> | undefined =>
      world.server().logs.find((line) => line['requestId'] === requestId);
    await expect.poll(lineOf, { timeout: 5_000, interval: 10 }).toBeDefined();
    return Number(lineOf()?.['worker']);
  }

  /** One connection to each worker; LOG_LEVEL has to be `debug`. */
  async function connectToBoth(world: World): Promise<readonly [SingleConnectionClient, SingleConnectionClient]> {
    const found = new Map<number, SingleConnectionClient>();
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const client = connectOnce(world.server().port);
      stops.push(() => client.close());
      found.set(await workerOf(world, client), client);
      const [one, other] = [found.get(1), found.get(2)];
      if (one !== undefined && other !== undefined) return [one, other];
    }
    throw new Error('Twenty connections have led to one worker.');
  }

  /** Kills a worker under load; answers go on, another one takes its place, and nothing that was answered is lost. */
  async function expectReplacement(world: World, answersBefore: number): Promise<void> {
    const { pid, port } = world.server();
    const before = childrenOf(pid);
    expect(before).toHaveLength(2);
    const load = startLoad(port, 16, reads(world));
    await waitForAnswers(load, answersBefore);
    for (const worker of before.slice(1)) process.kill(worker, 'SIGKILL');
    await expect
      .poll(() => childrenOf(pid).filter((child) => !before.includes(child)), { timeout: 20_000 })
      .toHaveLength(1);
    const workersThatAnswer = async (): Promise<string | undefined> => {
      const answer = await fetch(`${world.server().url}/metrics`);
      return /^scopegate_workers (\d+)$/m.exec(await answer.text())?.[1];
    };
    await expect.poll(workersThatAnswer, { timeout: 20_000 }).toBe('2');
    const wanted = load.answers.length + 200;
    await waitForAnswers(load, wanted);
    await load.stop();
    expect(load.answers.length).toBeGreaterThanOrEqual(wanted);
    await expectAllStored(world, load.answers);
  }

  const codeOf = ({ body }: SingleConnectionAnswer): unknown => (body as { code?: unknown }).code;

  describe('that serve', () => {
    it('R62: both take requests, and every answer is one event, in the chain of the worker that gave it', async () => {
      const world = await start();
      const load = startLoad(world.server().port, 16, reads(world));
      await waitForAnswers(load, 1_000);
      await load.stop();
      await expectAllStored(world, load.answers);
      const byChain = await eventsByChain();
      expect(byChain).toHaveLength(2);
      expect(Math.min(...byChain) / load.answers.length).toBeGreaterThan(0.25);
      expect((await world.admin().post<{ intact: boolean }>('/audit-events/verify', {})).body.intact).toBe(true);
    });

    it('R64: a revocation and a change of settings made through one act on the other within a second', async () => {
      const world = await start({ LOG_LEVEL: 'debug' });
      const [one, other] = await connectToBoth(world);
      const proxied = { path: '/app/x', headers: { Authorization: bearer(world.token.secret)[1] } };
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
        expect(performance.now() - revokedAtMs).toBeLessThan(1_000);

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
          expect(performance.now() - changedAtMs).toBeLessThan(1_000);
        }
      }
    });

    it('R51: failures on both are counted together, and by each alone while the primary process does not answer', async () => {
      const world = await start({ LOG_LEVEL: 'debug' });
      const [one, other] = await connectToBoth(world);
      const body = { throttling: { maxFailures: 4, windowSeconds: 60 } };
      expect((await one.send({ method: 'PATCH', path: '/api/v1/settings', headers: ADMIN, body })).status).toBe(200);
      await expect
        .poll(async () => {
          const settings = await other.send({ path: '/api/v1/settings', headers: ADMIN });
          return (settings.body as { throttling: unknown }).throttling;
        })
        .toMatchObject(body.throttling);
      const wrongToken = (name: string): { path: string; headers: Record<string, string> } => ({
        path: '/app/x',
        headers: { Authorization: basic(name, 'sg_wrong')[1] },
      });
      for (const client of [one, other, one, other]) {
        expect(codeOf(await client.send(wrongToken('somebody')))).toBe('credential_invalid');
      }
      expect(codeOf(await one.send(wrongToken('somebody')))).toBe('too_many_failures');
      expect(codeOf(await other.send(wrongToken('somebody')))).toBe('too_many_failures');
      // A password is not even looked at any more, whichever worker is asked.
      const login = { path: '/api/v1/me', headers: { Authorization: basic('somebody', 'a wrong password')[1] } };
      expect(codeOf(await one.send(login))).toBe('too_many_failures');
      expect(codeOf(await other.send(login))).toBe('too_many_failures');

      process.kill(world.server().pid, 'SIGSTOP');
      try {
        const valid = { path: '/app/x', headers: { Authorization: bearer(world.token.secret)[1] } };
        for (const client of [one, other]) {
          const codes: unknown[] = [];
          for (let time = 0; time < 5; time += 1) codes.push(codeOf(await client.send(wrongToken('another'))));
          expect(codes).toEqual([...Array<string>(4).fill('credential_invalid'), 'too_many_failures']);
          expect((await client.send(valid)).status).toBe(200);
        }
      } finally {
        process.kill(world.server().pid, 'SIGCONT');
      }
    });

    it('R62: the metrics of either are those of both, and counts go on when a worker is replaced', async () => {
      const world = await start({ LOG_LEVEL: 'debug' });
      const clients = await connectToBoth(world);
      const use = { path: '/app/x', headers: { Authorization: bearer(world.token.secret)[1] } };
      for (let time = 0; time < 7; time += 1) for (const client of clients) await client.send(use);
      const allowed = 'scopegate_decisions_total{application="app",stage="",code="",outcome="allowed"}';
      const figure = (answer: SingleConnectionAnswer, name: string): number =>
        Number(
          String(answer.body)
            .split('\n')
            .find((line) => line.startsWith(`${name} `))
            ?.slice(name.length),
        );
      for (const client of clients) {
        const metrics = await client.send({ path: '/metrics' });
        expect(figure(metrics, allowed)).toBe(14);
        expect(figure(metrics, 'scopegate_decision_duration_seconds_count{application="app"}')).toBe(14);
        expect(figure(metrics, 'scopegate_workers')).toBe(2);
        // States that are no sums: what is worst for either is told.
        expect(figure(metrics, 'scopegate_journal_writable')).toBe(1);
        expect(String(metrics.body)).toMatch(/^scopegate_build_info\{.*\} 1$/m);
      }
      const [one, other] = clients;
      const [firstPid] = childrenOf(world.server().pid);
      if (firstPid === undefined) throw new Error('There is no worker.');
      process.kill(firstPid, 'SIGKILL');
      await untilReplaced(world, 1);
      const survivor = await other.send({ path: '/health/live' }).then(
        () => other,
        () => one,
      );
      await survivor.send(use);
      const metrics = await survivor.send({ path: '/metrics' });
      expect(figure(metrics, allowed)).toBe(15);
      expect(figure(metrics, 'scopegate_workers')).toBe(2);
    });

    it('R58: both append to one audit file, in whole lines, each event once', async () => {
      const folder = createTemporaryFolder('stream');
      stops.push(() => folder.remove());
      const file = join(folder.path, 'audit.log');
      const world = await start({ SCOPEGATE_AUDIT_FILE: file });
      const load = startLoad(world.server().port, 16, reads(world));
      await waitForAnswers(load, 1_000);
      await load.stop();
      expect(await world.server().stop()).toBe(0);
      const streamed = readFileSync(file, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Awaited<ReturnType<World['events']>>[number]);
      const asked = new Set(load.answers.map(({ requestId }) => requestId));
      // A change is an event besides that of its request.
      const ofTheLoad = streamed.filter(({ requestId }) => requestId !== null && asked.has(requestId));
      expect(compare(load.answers, ofTheLoad)).toEqual({ missing: 0, duplicates: 0 });
      expect(new Set(load.answers.map(({ status }) => status))).toEqual(new Set([200, 403]));
    });
  });

  describe('of which some die', () => {
    it.each([1, 2])(
      'R62: kill -9 of %i under load loses nothing that was answered, and it is replaced',
      async (count) => {
        const world = await start();
        const answers: LoadAnswer[] = [];
        let broken = 0;
        for (let round = 1; round <= 2; round += 1) {
          const before = childrenOf(world.server().pid);
          expect(before).toHaveLength(2);
          const load = startLoad(world.server().port, 16, reads(world));
          await waitForAnswers(load, 500);
          for (const pid of before.slice(0, count)) process.kill(pid, 'SIGKILL');
          await untilReplaced(world, count * round);
          await waitForAnswers(load, load.answers.length + 200);
          await load.stop();
          answers.push(...load.answers);
          broken += load.broken;
        }
        expect(broken).toBeGreaterThan(0);
        await expectAllStored(world, answers);
        expect((await world.admin().post<{ intact: boolean }>('/audit-events/verify', {})).body.intact).toBe(true);
        expect(await world.server().stop()).toBe(0);
      },
      180_000,
    );

    it('R62: a log that nobody reads any more keeps no worker from serving, from being replaced or from ending', async () => {
      const world = await start({ LOG_LEVEL: 'debug' });
      world.server().closeOutput();
      await expectReplacement(world, 1_000);
      expect(await world.server().stop()).toBe(0);
    });

    it('R62: a log whose reader stalls keeps no worker from being replaced', async () => {
      const world = await start({ LOG_LEVEL: 'debug' });
      world.server().stallOutput();
      // More than fits between the processes.
      await expectReplacement(world, 5_000);
      world.server().closeOutput();
      expect(await world.server().stop()).toBe(0);
    });

    it.runIf(findProgram('prlimit') !== undefined)(
      'R62: where the system has no room for another process, the primary goes on, and tries again later',
      async () => {
        const world = await start();
        const { pid } = world.server();
        const [steady, other] = childrenOf(pid);
        if (steady === undefined || other === undefined) throw new Error('There are no two workers.');
        // No file may be opened beyond those that are: the channel to another process is one.
        limitOpenFiles(pid, '3');
        process.kill(other, 'SIGKILL');
        const failures = (): unknown[] =>
          world.server().logs.filter(({ message }) => String(message).startsWith('A worker cannot start: '));
        await expect.poll(() => failures().length, { timeout: 20_000 }).toBeGreaterThanOrEqual(2);
        expect(failures()).toMatchObject(failures().map(() => ({ level: 'error', worker: 2 })));
        limitOpenFiles(pid, '1024');
        await untilReplaced(world, 1);
        expect(childrenOf(pid)).toContain(steady);
        expect((await world.admin().get('/me')).status).toBe(200);
        expect(await world.server().stop()).toBe(0);
      },
    );

    it('R62: kill -9 of the primary process ends the workers, who store what they have', async () => {
      const world = await start();
      const workers = childrenOf(world.server().pid);
      const load = startLoad(world.server().port, 16, reads(world));
      await waitForAnswers(load, 500);
      await world.server().kill9();
      await expect.poll(() => workers.filter(isRunning), { timeout: 15_000 }).toEqual([]);
      await load.stop();
      await world.startAgain();
      expect(childrenOf(world.server().pid)).toHaveLength(2);
      expect(compare(load.answers, await world.events())).toEqual({ missing: 0, duplicates: 0 });
    });
  });

  it('R64: while the database is away, both go on with the rules they know for a while only', async () => {
    const world = await start({ SCOPEGATE_MAX_STALENESS_MS: '1000', LOG_LEVEL: 'debug' });
    const clients = await connectToBoth(world);
    const use = { path: '/app/x', headers: { Authorization: bearer(world.token.secret)[1] } };
    for (const client of clients) expect((await client.send(use)).status).toBe(200);
    await mariaDb().kill9();
    try {
      for (const client of clients) {
        await expect.poll(async () => codeOf(await client.send(use)), { timeout: 20_000 }).toBe('policy_unavailable');
      }
    } finally {
      await mariaDb().restart();
    }
    for (const client of clients) {
      await expect.poll(async () => (await client.send(use)).status, { timeout: 20_000 }).toBe(200);
    }
  });

  it('R80: of a single node, both go on for as long as the database is away', async () => {
    const world = await start({
      SCOPEGATE_MAX_STALENESS_MS: '1000',
      SCOPEGATE_SINGLE_NODE: 'true',
      LOG_LEVEL: 'debug',
    });
    const clients = await connectToBoth(world);
    const use = { path: '/app/x', headers: { Authorization: bearer(world.token.secret)[1] } };
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
    expect(world.server().output()).not.toContain('SCOPEGATE_SINGLE_NODE is true');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'R62: %s to the whole group ends all of them with 0, and every answer is stored',
    async (signal) => {
      const world = await start();
      const { pid } = world.server();
      const workers = childrenOf(pid);
      expect(workers).toHaveLength(2);
      const load = startLoad(world.server().port, 16, reads(world));
      await waitForAnswers(load, 500);
      // As a terminal does with Ctrl-C, and a service manager with a stop.
      for (const each of [...workers, pid, pid]) process.kill(each, signal);
      expect(await world.server().stop()).toBe(0);
      expect(workers.filter(isRunning)).toEqual([]);
      await load.stop();
      expect(world.server().output()).not.toMatch(/could not stop|has ended/);
      await world.startAgain();
      expect(compare(load.answers, await world.events())).toEqual({ missing: 0, duplicates: 0 });
    },
  );
});
