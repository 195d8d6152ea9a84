import { Agent, request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { childrenOf } from '../support/child-processes.js';
import { describeWithMariaDb } from '../support/external-servers.js';
import { privateEnvironment, startPrivateProcess } from '../support/private-process.js';
import { SERVER_PROGRAM } from '../support/project-build.js';
import { startRecordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import {
  startRestartableServer,
  type RestartableOptions,
  type RestartableServer,
} from '../support/restartable-server.js';
import { createSecrets } from '../support/scopegate.process.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';

/** Time beyond draining and the requests under way that a stop may take (see docs/guides/operations.md), with a reserve. */
const CLOSE_MS = 30_000;

// Each test starts a server twice.
vi.setConfig({ testTimeout: 180_000 });

let upstream: RecordingUpstream;
let server: RestartableServer | undefined;

beforeAll(async () => {
  upstream = await startRecordingUpstream();
});

afterEach(async () => {
  await server?.end();
  server = undefined;
  upstream.clear();
});

afterAll(() => upstream.stop());

/** Starts a server whose token may write. */
function start(options: Pick<RestartableOptions, 'env' | 'nodeArgs' | 'management'>): Promise<RestartableServer> {
  return startRestartableServer({ ...options, upstream: upstream.url, scope: 'read-write' });
}

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

/** Sends requests that the upstream never answers, to `/app/<name>/0` and so on, and waits until it has all of them. */
async function hang(
  { node, token: { headers } }: RestartableServer,
  name: string,
  count: number,
): Promise<{ readonly ends: Promise<readonly PromiseSettledResult<Answer>[]> }> {
  upstream.respondWith(() => ({ hang: true }));
  const before = upstream.requests.length;
  const ends = Promise.allSettled(
    Array.from({ length: count }, (_, index) =>
      send(`${node().url}/app/${name}/${index}`, { headers, method: index % 2 === 0 ? 'GET' : 'POST' }),
    ),
  );
  await upstream.waitForRequests(before + count);
  return { ends };
}

/** Sends requests to `/app/<name>/0` and so on, one after the other, which are answered. */
async function use({ node, token: { headers } }: RestartableServer, name: string, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    expect(await send(`${node().url}/app/${name}/${index}`, { headers })).toMatchObject({ status: 200 });
  }
}

/** Expects exactly one event for each request of `hang` or `use`, and chains that are intact. */
async function expectRecorded(running: RestartableServer, name: string, count: number): Promise<void> {
  const paths = (await running.events()).map(({ path }) => path ?? '').filter((path) => path.startsWith(`/${name}/`));
  expect(paths.toSorted()).toEqual(Array.from({ length: count }, (_, index) => `/${name}/${index}`).toSorted());
  const verified = await running.admin().post<{ intact: boolean }>('/audit-events/verify', {});
  expect(verified.body.intact).toBe(true);
}

describe('draining', () => {
  it.each([false, true])(
    'R79: readiness is false first, answers end their connections, and the listeners stay open (two ports: %s)',
    async (management) => {
      server = await start({ management, env: { SCOPEGATE_DRAIN_MS: '60000' } });
      const { node, token } = server;
      const { url } = node();
      const urls = [url, node().managementUrl ?? url];
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const used = await send(`${url}/app/before`, { agent, headers: token.headers });
      expect(used).toMatchObject({ status: 200, connection: 'keep-alive' });
      process.kill(node().pid, 'SIGTERM');
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
      expect(node().hasExited()).toBe(false);
      agent.destroy();
      // A second signal skips the rest of the draining; one that follows at once is taken for the same.
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await node().stop()).toBe(0);
    },
  );

  it('R79: an answer that is under way when the signal comes ends its connection as well', async () => {
    server = await start({ env: { SCOPEGATE_DRAIN_MS: '60000' } });
    const { node, token } = server;
    let answer: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (answer = resolve));
    upstream.respondWith(async () => {
      await released;
      return { body: 'late' };
    });
    const agent = new Agent({ keepAlive: true });
    const running = send(`${node().url}/app/late`, { agent, headers: token.headers });
    await upstream.waitForRequests(1);
    process.kill(node().pid, 'SIGINT');
    await expect.poll(() => statusOf(`${node().url}/health/ready`)).toBe(503);
    answer();
    expect(await running).toEqual({ status: 200, connection: 'close', body: 'late' });
    await new Promise((resolve) => setTimeout(resolve, 300));
    process.kill(node().pid, 'SIGINT');
    await expect.poll(() => node().hasExited(), { timeout: CLOSE_MS }).toBe(true);
    expect(await node().stop()).toBe(0);
    agent.destroy();
  });

  it('R79: the listener closes by itself after SCOPEGATE_DRAIN_MS, and idle connections with it', async () => {
    server = await start({ env: { SCOPEGATE_DRAIN_MS: '1500' } });
    const { node, token } = server;
    const agent = new Agent({ keepAlive: true });
    expect((await send(`${node().url}/app/x`, { agent, headers: token.headers })).status).toBe(200);
    const silent = connect(node().port, '127.0.0.1');
    const silentEnded = new Promise((resolve) => silent.once('close', resolve));
    const atTick = performance.now();
    expect(await node().stop()).toBe(0);
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

/** The requests of a test below have this long after SIGTERM. */
const STOP_MS = 3_000;

/** Tests of one server that ends and starts again on the same data. */
function describeEnds(database: string, env: () => Promise<Record<string, string>>): () => RestartableServer {
  let running: RestartableServer;

  beforeAll(async () => {
    const stopEnv = { SCOPEGATE_STOP_MS: String(STOP_MS) };
    running = await start({ env: { ...(await env()), ...stopEnv }, nodeArgs: FAIL_ON_SIGNAL });
  });

  // After a test that has failed, the next one finds a server that runs.
  beforeEach(async () => {
    if (running.node().hasExited()) await running.startAgain();
  });

  afterAll(async () => {
    expect(running.verify()).toBe(0);
    await running.end();
  });

  it(`R81: requests that are cut are in the audit, once, on ${database}`, async () => {
    const { node } = running;
    const { ends } = await hang(running, 'cut', 15);
    expect(await node().stop(), node().output()).toBe(0);
    expect((await ends).every(({ status }) => status === 'rejected')).toBe(true);
    expect(node().output()).not.toMatch(/EEXIST|cannot be written|could not stop/);
    expect(node().output()).toContain('15 request(s) took longer than SCOPEGATE_STOP_MS');
    await running.startAgain();
    await expectRecorded(running, 'cut', 15);
    expect(await running.useCount()).toBe(15);
  });

  it(`R81: an error that ends the process leaves no request out that went upstream, on ${database}`, async () => {
    const { node } = running;
    await hang(running, 'failed', 5);
    process.kill(node().pid, 'SIGUSR2');
    await expect.poll(() => node().hasExited()).toBe(true);
    expect(await node().stop()).toBe(1);
    expect(node().output()).toContain('made by the test');
    await running.startAgain();
    await expectRecorded(running, 'failed', 5);
  });

  it(`R81: a kill in the middle of the stop keeps what was recorded until then, on ${database}`, async () => {
    const { node } = running;
    await use(running, 'done', 20);
    await hang(running, 'killed', 3);
    process.kill(node().pid, 'SIGTERM');
    await expect.poll(() => statusOf(`${node().url}/health/live`).catch(() => 0)).toBe(0);
    expect(node().hasExited()).toBe(false);
    await node().kill9();
    await running.startAgain();
    await expectRecorded(running, 'done', 20);
  });

  return () => running;
}

describe('the end of a server on SQLite', () => {
  const running = describeEnds('SQLite', () => Promise.resolve({}));

  it('R81: a client that reads nothing does not keep the server, and its request is recorded', async () => {
    const { node, token } = running();
    upstream.respondWith(() => ({ body: Buffer.alloc(30_000_000) }));
    const before = upstream.requests.length;
    const client = connect(node().port, '127.0.0.1');
    client.on('error', () => undefined);
    client.pause();
    client.write(`GET /app/large/0 HTTP/1.1\r\nHost: x\r\nAuthorization: ${token.headers['Authorization']}\r\n\r\n`);
    await upstream.waitForRequests(before + 1);
    expect(await node().stop()).toBe(0);
    client.destroy();
    await running().startAgain();
    await expectRecorded(running(), 'large', 1);
  });
});

describe('a start', () => {
  it('R81: a signal during the start ends it at once, with 0', async () => {
    const folder = createTemporaryFolder('starting');
    // A database that accepts connections and sends nothing.
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
});

describeWithMariaDb('the end of a server on MariaDB', (mariaDb) => {
  const env = async (): Promise<Record<string, string>> => ({
    DATABASE_URL: await mariaDb().createDatabase(),
    SCOPEGATE_MAX_STALENESS_MS: '600000',
  });
  const running = describeEnds('MariaDB', env);

  it('R81: a frozen database does not keep the server: it ends with 1, says what is left, and nothing is lost', async () => {
    const { node } = running();
    await use(running(), 'known', 1);
    process.kill(mariaDb().pid, 'SIGSTOP');
    try {
      await use(running(), 'frozen', 10);
      await hang(running(), 'cut-while-frozen', 5);
      const atTick = performance.now();
      process.kill(node().pid, 'SIGTERM');
      await expect.poll(() => node().hasExited()).toBe(true);
      expect(performance.now() - atTick).toBeLessThan(STOP_MS + CLOSE_MS);
    } finally {
      process.kill(mariaDb().pid, 'SIGCONT');
    }
    expect(await node().stop()).toBe(1);
    expect(node().output()).toMatch(/Scopegate could not stop cleanly\. Left: .*1[5-9] event\(s\) in the journal/);
    await running().startAgain();
    await expectRecorded(running(), 'cut-while-frozen', 5);
    await expectRecorded(running(), 'frozen', 10);
  });

  it('R79, R81: workers drain together, and what is cut is in the audit', async () => {
    server = await start({
      env: { ...(await env()), SCOPEGATE_WORKERS: '2', SCOPEGATE_DRAIN_MS: '60000', SCOPEGATE_STOP_MS: '500' },
    });
    const { node } = server;
    await hang(server, 'cut', 6);
    const { pid } = node();
    expect(childrenOf(pid)).toHaveLength(2);
    process.kill(pid, 'SIGTERM');
    // Connections are dealt out in turn: each of the two workers answers some.
    await expect.poll(() => statusOf(`${node().url}/health/ready`)).toBe(503);
    for (let index = 0; index < 4; index += 1) {
      const answer = await send(`${node().url}/health/ready`);
      expect(answer).toMatchObject({ status: 503, connection: 'close' });
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await node().stop()).toBe(0);
    await server.startAgain();
    await expectRecorded(server, 'cut', 6);
  });
});
