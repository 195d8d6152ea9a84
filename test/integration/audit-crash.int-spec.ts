import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { describeWithMariaDb } from '../support/external-servers.js';
import { startLoad, waitForAnswers, type LoadAnswer } from '../support/load.client.js';
import { compare, reads, startRestartableServer, type RestartableServer } from '../support/restartable-server.js';

// Each test starts the server again.
vi.setConfig({ testTimeout: 180_000 });

/** Tests of one server that ends and starts again on the same data. */
function describeCrashes(database: string, env: () => Promise<Record<string, string>>): void {
  let server: RestartableServer;

  beforeAll(async () => {
    server = await startRestartableServer({ env: await env() });
  });

  // After a test that has failed, the next one finds a server that runs.
  beforeEach(async () => {
    if (server.node().hasExited()) await server.startAgain();
  });

  afterAll(() => server.end());

  it(`R62: kill -9 under load: every answer is in the database once after the next start, on ${database}`, async () => {
    const answers: LoadAnswer[] = [];
    let broken = 0;
    for (let round = 0; round < 2; round += 1) {
      const load = startLoad(server.node().port, 16, reads(server));
      await waitForAnswers(load, 400 + round * 300);
      await server.node().kill9();
      await load.stop();
      answers.push(...load.answers);
      broken += load.broken;
      if (round === 0) {
        // A crash of the machine may leave half a line as well.
        const journal = join(server.node().dataFolder, 'journal', '0');
        const last =
          readdirSync(journal)
            .filter((name) => name.startsWith('segment'))
            .sort()
            .at(-1) ?? '';
        appendFileSync(join(journal, last), '0badc0de {"id":"torn');
      }
      await server.startAgain();
      if (round === 0) expect(server.node().output()).not.toContain('cannot start');
    }
    const events = await server.events();
    process.stdout.write(
      `${database}: ${answers.length} answered, ${events.length} found, ${JSON.stringify(compare(answers, events))}\n`,
    );
    expect(compare(answers, events)).toEqual({ missing: 0, duplicates: 0 });
    expect(answers.length).toBeGreaterThan(200);
    expect(broken).toBeGreaterThan(0);
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200, 403]));
    expect((await server.admin().post<{ intact: boolean }>('/audit-events/verify', {})).body.intact).toBe(true);
  });

  it(`R62: SIGTERM under load: every answer is stored and every use is counted when it ends, on ${database}`, async () => {
    const usesBefore = await server.useCount();
    const load = startLoad(server.node().port, 16, reads(server));
    await waitForAnswers(load, 800);
    expect(await server.node().stop()).toBe(0);
    await load.stop();
    await server.startAgain();
    const events = await server.events();
    expect(compare(load.answers, events)).toEqual({ missing: 0, duplicates: 0 });
    const token = await server.admin().get<{ useCount: number; lastUsedIp: string }>(`/tokens/${server.token.id}`);
    expect(token.body.useCount - usesBefore).toBe(load.answers.filter(({ status }) => status === 200).length);
    expect(token.body.lastUsedIp).toBe('127.0.0.1');
  });

  it(`R56, R62: the number of repeated failures is exact through a crash and a stop, on ${database}`, async () => {
    const wrong = { method: 'GET', path: '/app/', headers: { Authorization: `Bearer sg_wrong` } };
    let answered = 0;
    for (const end of ['kill9', 'stop'] as const) {
      const load = startLoad(server.node().port, 4, () => wrong);
      await waitForAnswers(load, 300);
      // Those under way are answered first: a failure whose answer was lost may be counted or not.
      await load.stop();
      answered += load.answers.length;
      const counted = (await server.events()).filter((event) => event.outcome === 'failed');
      expect(counted.reduce((sum, event) => sum + event.count, 0)).toBe(answered);
      await server.node()[end]();
      await server.startAgain();
    }
    const failures = (await server.events()).filter((event) => event.outcome === 'failed');
    expect(failures.reduce((sum, event) => sum + event.count, 0)).toBe(answered);
    expect(failures.length).toBeLessThan(100);
  });
}

describe('crashes', () => {
  describeCrashes('SQLite', () => Promise.resolve({}));
});

describeWithMariaDb('crashes', (mariaDb) => {
  describeCrashes('MariaDB', async () => ({ DATABASE_URL: await mariaDb().createDatabase() }));
});
