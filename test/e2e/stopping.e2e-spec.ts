import { Agent, request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { childrenOf } from '../support/child-processes.js';
import { describeWithMariaDb } from '../support/external-part.js';
import { privateEnvironment, startPrivateProcess } from '../support/private-process.js';
import { SERVER_PROGRAM } from '../support/project-build.js';
import { createSecrets } from '../support/scopegate.process.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';
import { startStoppingWorld, type StoppingWorld } from '../support/stopping-world.js';

/** Time beyond draining and the requests under way that a stop may take (see docs/guides/operations.md), with a reserve. */
const CLOSE_MS = 15_000;

// Each test starts a server twice.
vi.setConfig({ testTimeout: 180_000 });

let world: StoppingWorld | undefined;
afterEach(async () => {
  await world?.end();
  world = undefined;
});

type Answer = { readonly status: number; readonly connection: string | undefined; readonly body: string };

/** Sends a request, over a connection of an agent where one is given. */
function send(url: string, options: { agent?: Agent; method?: string; headers?: Record<string, string> } = {}) {
  return new Promise<Answer>((resolve, reject) => {
    const sent = request(url, options, (answer: IncomingMessage) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          connection: answer.headers.connection,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      );
      answer.once('error', reject);
    });
    sent.once('error', reject);
    sent.end();
  });
}

const statusOf = (url: string): Promise<number> => send(url).then(({ status }) => status);

/** Sends requests that the upstream never answers, and waits until it has all of them. */
async function hang(
  { gate, token, upstream }: StoppingWorld,
  count: number,
): Promise<{ readonly ends: Promise<readonly PromiseSettledResult<Answer>[]> }> {
  upstream.respondWith(() => ({ hang: true }));
  const before = upstream.requests.length;
  const headers = { ...token.headers };
  const ends = Promise.allSettled(
    Array.from({ length: count }, (_, index) =>
      send(`${gate().url}/app/hanging/${index}`, { headers, method: index % 2 === 0 ? 'GET' : 'POST' }),
    ),
  );
  await upstream.waitForRequests(before + count);
  return { ends };
}

function hangingPaths(events: readonly { readonly path: string }[]): readonly string[] {
  return events
    .map(({ path }) => path)
    .filter((path) => path.startsWith('/hanging/'))
    .toSorted();
}

const expectedPaths = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `/hanging/${index}`).toSorted();

describe('draining', () => {
  it.each([false, true])(
    'R79: readiness is false first, answers end their connections, and the listeners stay open (two ports: %s)',
    async (management) => {
      world = await startStoppingWorld({ management, env: { SCOPEGATE_DRAIN_MS: '60000' } });
      const { gate, token, upstream } = world;
      const { url } = gate();
      const urls = [url, gate().managementUrl ?? url];
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const used = await send(`${url}/app/before`, { agent, headers: token.headers });
      expect(used).toMatchObject({ status: 200, connection: 'keep-alive' });
      process.kill(gate().pid, 'SIGTERM');
      for (const each of urls) {
        await expect.poll(() => send(`${each}/health/ready`)).toMatchObject({ status: 503, connection: 'close' });
        expect(await statusOf(`${each}/health/live`)).toBe(200);
      }
      expect(JSON.parse((await send(`${url}/health/ready`)).body)).toEqual({
        status: 'failing',
        checks: { accepting: 'failing' },
      });
      // The connection that was idle is served once more, and new ones are, too.
      for (const path of ['old', 'new']) {
        const answer = await send(`${url}/app/${path}`, { agent, headers: token.headers });
        expect(answer).toMatchObject({ status: 200, connection: 'close' });
      }
      const refused = await send(`${url}/app/refused`, { headers: { Authorization: 'Bearer sg_wrong' } });
      expect(refused).toMatchObject({ status: 401, connection: 'close' });
      expect(upstream.requests.map(({ target }) => target)).toEqual(['/before', '/old', '/new']);
      expect(gate().hasExited()).toBe(false);
      agent.destroy();
      // A second signal skips the rest of the draining; one that follows at once is taken for the same.
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await gate().stop()).toBe(0);
    },
  );

  it('R79: an answer that is under way when the signal comes ends its connection as well', async () => {
    world = await startStoppingWorld({ env: { SCOPEGATE_DRAIN_MS: '60000' } });
    const { gate, token, upstream } = world;
    let answer: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (answer = resolve));
    upstream.respondWith(async () => {
      await released;
      return { body: 'late' };
    });
    const agent = new Agent({ keepAlive: true });
    const running = send(`${gate().url}/app/late`, { agent, headers: token.headers });
    await upstream.waitForRequests(1);
    process.kill(gate().pid, 'SIGINT');
    await expect.poll(() => statusOf(`${gate().url}/health/ready`)).toBe(503);
    answer();
    expect(await running).toEqual({ status: 200, connection: 'close', body: 'late' });
    await new Promise((resolve) => setTimeout(resolve, 300));
    process.kill(gate().pid, 'SIGINT');
    await expect.poll(() => gate().hasExited(), { timeout: CLOSE_MS }).toBe(true);
    expect(await gate().stop()).toBe(0);
    agent.destroy();
  });

  it('R79: the listener closes by itself after SCOPEGATE_DRAIN_MS, and idle connections with it', async () => {
    world = await startStoppingWorld({ env: { SCOPEGATE_DRAIN_MS: '1500' } });
    const { gate, token } = world;
    const agent = new Agent({ keepAlive: true });
    expect((await send(`${gate().url}/app/x`, { agent, headers: token.headers })).status).toBe(200);
    const silent = connect(gate().port, '127.0.0.1');
    const silentEnded = new Promise((resolve) => silent.once('close', resolve));
    const atTick = performance.now();
    expect(await gate().stop()).toBe(0);
    expect(performance.now() - atTick).toBeGreaterThanOrEqual(1_500);
    await silentEnded;
    agent.destroy();
  });
});

/** Ends the process by an error of its own when it gets SIGUSR2. */
const FAIL_ON_SIGNAL = [
  '--import',
  `data:text/javascript,${encodeURIComponent("process.on('SIGUSR2', () => { throw new Error('made by the test'); });")}`,
];

function describeTheEnd(database: string, env: () => Promise<Record<string, string>>): void {
  it(`R81: requests that are cut are in the audit, once, on ${database}`, async () => {
    world = await startStoppingWorld({ env: { ...(await env()), SCOPEGATE_STOP_MS: '500' } });
    const { ends } = await hang(world, 15);
    const { gate } = world;
    expect(await gate().stop()).toBe(0);
    expect((await ends).every(({ status }) => status === 'rejected')).toBe(true);
    expect(gate().output()).not.toMatch(/EEXIST|cannot be written|could not stop/);
    expect(gate().output()).toContain('15 request(s) took longer than SCOPEGATE_STOP_MS');
    await world.startAgain();
    expect(hangingPaths(await world.events())).toEqual(expectedPaths(15));
    expect(await world.useCount()).toBe(15);
    expect(world.verify()).toBe(0);
  });

  it(`R81: an error that ends the process leaves no request out that went upstream, on ${database}`, async () => {
    world = await startStoppingWorld({ env: await env(), nodeArgs: FAIL_ON_SIGNAL });
    await hang(world, 5);
    const { gate } = world;
    process.kill(gate().pid, 'SIGUSR2');
    await expect.poll(() => gate().hasExited()).toBe(true);
    expect(await gate().stop()).toBe(1);
    expect(gate().output()).toContain('made by the test');
    await world.startAgain();
    expect(hangingPaths(await world.events())).toEqual(expectedPaths(5));
    expect(world.verify()).toBe(0);
  });

  it(`R81: a kill in the middle of the stop keeps what was recorded until then, on ${database}`, async () => {
    world = await startStoppingWorld({ env: { ...(await env()), SCOPEGATE_STOP_MS: '60000' } });
    const { gate, token } = world;
    for (let index = 0; index < 20; index += 1) {
      expect((await send(`${gate().url}/app/done/${index}`, { headers: token.headers })).status).toBe(200);
    }
    await hang(world, 3);
    process.kill(gate().pid, 'SIGTERM');
    await expect.poll(() => statusOf(`${gate().url}/health/live`).catch(() => 0)).toBe(0);
    await gate().kill9();
    await world.startAgain();
    const events = await world.events();
    expect(events.filter(({ path }) => path.startsWith('/done/'))).toHaveLength(20);
    expect(world.verify()).toBe(0);
  });
}

describe('the end of a server', () => {
  describeTheEnd('SQLite', () => Promise.resolve({}));

  it('R81: a signal during the start ends it at once, with 0', async () => {
    const folder = createTemporaryFolder('starting');
    // A database that accepts connections and never says a word.
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const connected = once(silent, 'connection');
    const starting = startPrivateProcess(process.execPath, [SERVER_PROGRAM], {
      cwd: folder.path,
      environment: {
        ...privateEnvironment(folder.path),
        ...createSecrets(),
        PORT: '0',
        DATABASE_URL: `mysql://root@127.0.0.1:${port}/x`,
      },
    });
    await connected;
    expect(await starting.end('SIGTERM')).toBe(0);
    expect(starting.output()).toBe('');
    silent.close();
    await folder.remove();
  });

  it('R81: a client that reads nothing does not keep the server, and its request is recorded', async () => {
    world = await startStoppingWorld({ env: { SCOPEGATE_STOP_MS: '500' } });
    const { gate, token, upstream } = world;
    upstream.respondWith(() => ({ body: Buffer.alloc(30_000_000) }));
    const client = connect(gate().port, '127.0.0.1');
    client.on('error', () => undefined);
    client.pause();
    client.write(`GET /app/large HTTP/1.1\r\nHost: x\r\nAuthorization: ${token.headers['Authorization']}\r\n\r\n`);
    await upstream.waitForRequests(1);
    expect(await gate().stop()).toBe(0);
    client.destroy();
    await world.startAgain();
    expect((await world.events()).map(({ path }) => path)).toEqual(['/large']);
  });
});

describeWithMariaDb('the end of a server', (mariaDb) => {
  const env = async (): Promise<Record<string, string>> => ({ DATABASE_URL: await mariaDb().createDatabase() });
  describeTheEnd('MariaDB', env);

  it('R81: a frozen database does not keep the server: it ends with 1, says what is left, and nothing is lost', async () => {
    world = await startStoppingWorld({ env: { ...(await env()), SCOPEGATE_STOP_MS: '500' } });
    const { gate, token } = world;
    expect((await send(`${gate().url}/app/known`, { headers: token.headers })).status).toBe(200);
    process.kill(mariaDb().pid, 'SIGSTOP');
    try {
      for (let index = 0; index < 10; index += 1) {
        expect((await send(`${gate().url}/app/frozen/${index}`, { headers: token.headers })).status).toBe(200);
      }
      await hang(world, 5);
      const atTick = performance.now();
      process.kill(gate().pid, 'SIGTERM');
      await expect.poll(() => gate().hasExited(), { timeout: 30_000 }).toBe(true);
      expect(performance.now() - atTick).toBeLessThan(500 + CLOSE_MS);
    } finally {
      process.kill(mariaDb().pid, 'SIGCONT');
    }
    expect(await gate().stop()).toBe(1);
    expect(gate().output()).toMatch(/Scopegate could not stop cleanly\. Left: .*1[5-9] event\(s\) in the journal/);
    await world.startAgain();
    const events = await world.events();
    expect(hangingPaths(events)).toEqual(expectedPaths(5));
    expect(events.map(({ path }) => path).filter((path) => path.startsWith('/frozen/'))).toHaveLength(10);
    expect(world.verify()).toBe(0);
  });

  it('R79, R81: workers drain together, and what is cut is in the audit', async () => {
    world = await startStoppingWorld({
      env: { ...(await env()), SCOPEGATE_WORKERS: '2', SCOPEGATE_DRAIN_MS: '60000', SCOPEGATE_STOP_MS: '500' },
    });
    const { gate } = world;
    await hang(world, 6);
    const { pid } = gate();
    expect(childrenOf(pid)).toHaveLength(2);
    process.kill(pid, 'SIGTERM');
    // Connections are dealt out in turn: each of the two workers is asked.
    await expect.poll(() => statusOf(`${gate().url}/health/ready`)).toBe(503);
    for (let index = 0; index < 4; index += 1) {
      const answer = await send(`${gate().url}/health/ready`);
      expect(answer).toMatchObject({ status: 503, connection: 'close' });
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await gate().stop()).toBe(0);
    await world.startAgain();
    expect(hangingPaths(await world.events())).toEqual(expectedPaths(6));
    expect(world.verify()).toBe(0);
  });
});
