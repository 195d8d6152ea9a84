import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeWithMariaDb } from '../support/external-servers.js';
import { startFaultProxy, type FaultProxy } from '../support/fault.proxy.js';
import { startRestartableServer, type RestartableServer } from '../support/restartable-server.js';

/** What a request was answered with, and after how long. */
type Answer = { readonly status: number; readonly code: string | undefined; readonly tookMs: number };

/** The two seconds of R81, and what a busy machine may add in a test. */
const JUDGED_WITHIN_MS = 8_000;

describeWithMariaDb('a database that falls silent', (mariaDb) => {
  let server: RestartableServer;
  let proxy: FaultProxy;
  let url: string;

  beforeEach(async () => {
    url = await mariaDb().createDatabase();
    proxy = await startFaultProxy(mariaDb());
    // Known tokens are judged by the rules that are known, for as long as a test lasts.
    server = await startRestartableServer({
      env: { DATABASE_URL: proxy.through(url), SCOPEGATE_MAX_STALENESS_MS: '600000' },
    });
  });

  afterEach(async () => {
    proxy.pass();
    await server.end();
    await proxy.stop();
  });

  async function ask(secret: string, path = '/app/x'): Promise<Answer> {
    const startedMs = performance.now();
    const answer = await fetch(`${server.node().url}${path}`, { headers: { Authorization: `Bearer ${secret}` } });
    const { code } = (await answer.json()) as { code?: string };
    return { status: answer.status, code, tookMs: performance.now() - startedMs };
  }

  /** Tokens that the node has not looked up yet. */
  async function unknownTokens(count: number): Promise<string[]> {
    const secrets: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const made = await server.admin().post<{ secret: string }>('/tokens', { description: 'new', scope: 'read-only' });
      secrets.push(made.body.secret);
    }
    return secrets;
  }

  /** Opens as many connections as the node will have, by many requests at the same time. */
  async function openConnections(secrets: readonly string[]): Promise<void> {
    const asked = secrets.map((secret) => ask(secret));
    const lists = Array.from({ length: 6 }, () => ask(server.token.secret, '/api/v1/tokens'));
    for (const answer of await Promise.all([...asked, ...lists])) expect(answer.status).toBe(200);
    expect(proxy.openConnections).toBeGreaterThanOrEqual(6);
  }

  it('R80: connections whose packets are swallowed for 20 s are made anew, within a second of the network', async () => {
    const known = await unknownTokens(12);
    const unknown = await unknownTokens(60);
    await openConnections(known);
    proxy.swallow();
    const endMs = performance.now() + 20_000;
    const during: Promise<Answer>[] = [];
    while (performance.now() < endMs) {
      if (unknown.length > 20) during.push(ask(unknown.pop() ?? ''));
      expect(await ask(server.token.secret)).toMatchObject({ status: 200 });
      await sleep(250);
    }
    proxy.pass();
    const wellMs = performance.now();
    await expect.poll(async () => (await ask(unknown.pop() ?? '')).status, { interval: 50 }).toBe(200);
    const recoveredMs = performance.now() - wellMs;
    for (const answer of await Promise.all(during)) {
      expect(answer).toMatchObject({ status: 503, code: 'policy_unavailable' });
      expect(answer.tookMs).toBeLessThan(JUDGED_WITHIN_MS);
    }
    process.stdout.write(`silent for 20 s: back after ${Math.round(recoveredMs)} ms\n`);
    expect(recoveredMs).toBeLessThan(5_000);
    // Nothing stays hung, and nothing is lost.
    await expect.poll(() => proxy.silentConnections).toBe(0);
    expect((await server.admin().get('/tokens')).status).toBe(200);
    await expect.poll(async () => (await server.events()).length).toBeGreaterThan(during.length);
  });

  it('R81: a frozen database costs a request two seconds, and a management call ten', async () => {
    const [unknown = '', afterwards = ''] = await unknownTokens(2);
    expect((await ask(server.token.secret)).status).toBe(200);
    process.kill(mariaDb().pid, 'SIGSTOP');
    try {
      const [judged, login, list, known] = await Promise.all([
        ask(unknown),
        server.admin().get('/me'),
        ask(server.token.secret, '/api/v1/tokens'),
        ask(server.token.secret),
      ]);
      expect(judged).toMatchObject({ status: 503, code: 'policy_unavailable' });
      expect(judged.tookMs).toBeLessThan(JUDGED_WITHIN_MS);
      expect(login.status).toBe(503);
      expect(list.status).toBe(503);
      expect(list.tookMs).toBeLessThan(25_000);
      expect(known.status).toBe(200);
    } finally {
      process.kill(mariaDb().pid, 'SIGCONT');
    }
    const wellMs = performance.now();
    await expect.poll(async () => (await ask(afterwards)).status, { interval: 50 }).toBe(200);
    expect(performance.now() - wellMs).toBeLessThan(5_000);
  });

  it('R81: tables that another client has locked hold up nothing beyond the limits, and no thread of the server', async () => {
    const [unknown = '', afterwards = ''] = await unknownTokens(2);
    expect((await ask(server.token.secret)).status).toBe(200);
    const other = await createConnection(url);
    try {
      await other.query('LOCK TABLES tokens WRITE');
      const judged = await ask(unknown);
      expect(judged).toMatchObject({ status: 503, code: 'policy_unavailable' });
      expect(judged.tookMs).toBeLessThan(JUDGED_WITHIN_MS);
      const list = await ask(server.token.secret, '/api/v1/tokens');
      expect([list.status, list.code]).toEqual([503, 'policy_unavailable']);
      expect(list.tookMs).toBeLessThan(25_000);
      expect(await ask(server.token.secret)).toMatchObject({ status: 200 });
      // Given up here, a statement must not go on waiting there: the server's connections are counted.
      await expect
        .poll(async () => {
          const [rows] = await other.query('SHOW PROCESSLIST');
          return (rows as { State: string | null }[]).filter(({ State }) => State?.includes('lock') === true).length;
        })
        .toBeLessThan(4);
      await other.query('UNLOCK TABLES');
      const wellMs = performance.now();
      await expect.poll(async () => (await ask(afterwards)).status, { interval: 50 }).toBe(200);
      expect(performance.now() - wellMs).toBeLessThan(5_000);
    } finally {
      other.destroy();
    }
  });

  it('R81: reset and refused connections are answered at once, and forgotten', async () => {
    const unknown = await unknownTokens(20);
    await openConnections(unknown.splice(0, 12));
    await proxy.refuse();
    proxy.reset();
    const refused = await ask(unknown.pop() ?? '');
    expect(refused).toMatchObject({ status: 503, code: 'policy_unavailable' });
    expect(refused.tookMs).toBeLessThan(5_000);
    proxy.pass();
    // The proxy listens again in a moment.
    const afterwards = unknown.pop() ?? '';
    await expect.poll(async () => (await ask(afterwards)).status, { interval: 50 }).toBe(200);
    proxy.reset();
    expect((await ask(unknown.pop() ?? '')).status).toBe(200);
  });
});
