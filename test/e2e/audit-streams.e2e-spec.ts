import { createHmac } from 'node:crypto';
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createApiClient } from '../support/api.client.js';
import { freePort } from '../support/free-port.js';
import { listen } from '../support/listen.js';
import { startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';
import { startScopegate } from '../support/scopegate.process.js';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

type StreamedEvent = { readonly id: string; readonly at: string; readonly type: string; readonly outcome: string };

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function start(env: Readonly<Record<string, string>>): Promise<ScopegateFixture> {
  const gateway = await startScopegateFixture({ env });
  cleanUps.push(() => gateway.stop());
  return gateway;
}

function createFolder(): TemporaryFolder {
  const folder = createTemporaryFolder('streams');
  cleanUps.push(() => folder.remove());
  return folder;
}

/** The events of a text of JSON lines. */
function parseLines(text: string): readonly StreamedEvent[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as StreamedEvent);
}

function byId(first: StreamedEvent, second: StreamedEvent): number {
  return first.id < second.id ? -1 : 1;
}

/** Makes some events of every outcome; answers all there are, as the API shows them. */
async function makeEvents(gateway: ScopegateFixture): Promise<readonly StreamedEvent[]> {
  const { secret } = await gateway.createToken({ scope: 'read-only', description: 'Gr\u00fc\u00dfe \u{1f511}' });
  const caller = gateway.as({ user: 'admin', token: secret });
  await caller.get('/me');
  await caller.patch('/settings', {});
  await gateway.as({ user: 'admin', token: `${secret.slice(0, -1)}!` }).get('/me');
  await gateway.patchSettings({ audit: { retentionDays: 100 } });
  return stored(gateway);
}

/** All events, but for that of the question itself. */
async function stored(gateway: ScopegateFixture): Promise<readonly StreamedEvent[]> {
  const items = (await gateway.events({})) as unknown as readonly StreamedEvent[];
  return [...items].sort(byId);
}

async function figure(gateway: ScopegateFixture, line: string): Promise<number> {
  const text = await (await fetch(`${gateway.managementUrl}/metrics`)).text();
  const found = text.split('\n').find((candidate) => candidate.startsWith(`${line} `));
  if (found === undefined) throw new Error(`There is no figure ${line}.`);
  return Number(found.slice(line.length + 1));
}

/** A receiver of syslog over TCP; `kill` ends it with all its connections. */
type TcpReceiver = { readonly port: number; readonly chunks: Buffer[]; kill(): Promise<void> };

async function receiveTcp(port = 0): Promise<TcpReceiver> {
  const chunks: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  const kill = (): Promise<void> =>
    new Promise((resolve) => {
      for (const socket of sockets) socket.resetAndDestroy();
      server.close(() => resolve());
    });
  cleanUps.push(kill);
  return { port: typeof address === 'object' && address !== null ? address.port : 0, chunks, kill };
}

/** The messages of a stream with octet counting (RFC 6587 3.4.1). */
function countedMessages(bytes: Buffer): readonly string[] {
  const messages: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const blank = bytes.indexOf(0x20, at);
    const length = Number(bytes.toString('latin1', at, blank));
    expect(length).toBeGreaterThan(0);
    if (blank + 1 + length > bytes.length) break;
    messages.push(bytes.toString('utf8', blank + 1, blank + 1 + length));
    at = blank + 1 + length;
  }
  return messages;
}

const SYSLOG = /^<(\d+)>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (\S+) scopegate (\d+) (\S+) - (\{[\x20-\x7e]*\})$/;

/** The event of a message of RFC 5424, whose header has to fit it. */
function eventOf(message: string): StreamedEvent {
  const [, priority, at, , processId, type, json] = SYSLOG.exec(message) ?? [];
  const event = JSON.parse(json ?? '') as StreamedEvent;
  expect([at, type, Number(processId)]).toEqual([event.at, event.type, process.pid]);
  expect(priority).toBe({ allowed: '110', changed: '109', denied: '108', failed: '108' }[event.outcome]);
  return event;
}

describe('audit events as JSON lines in a file', () => {
  it('R55, R59: are those of the API, of requests and of changes, once each', async () => {
    const file = join(createFolder().path, 'audit.log');
    const gateway = await start({ SCOPEGATE_AUDIT_FILE: file });
    const expected = await makeEvents(gateway);
    expect(new Set(expected.map(({ outcome }) => outcome))).toEqual(
      new Set(['allowed', 'changed', 'denied', 'failed']),
    );
    await gateway.stop();
    const lines = [...parseLines(readFileSync(file, 'utf8'))].sort(byId);
    // The questions of this test are events as well.
    expect(lines.slice(0, expected.length)).toEqual(expected);
    expect(new Set(lines.map(({ id }) => id)).size).toBe(lines.length);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('R62: go on in a new file where the old one was moved away, with none lost and none in both', async () => {
    const file = join(createFolder().path, 'audit.log');
    const gateway = await start({ SCOPEGATE_AUDIT_FILE: file });
    await makeEvents(gateway);
    await until(() => existsSync(file));
    renameSync(file, `${file}.1`);
    const expected = await makeEvents(gateway);
    await gateway.stop();
    const older = parseLines(readFileSync(`${file}.1`, 'utf8'));
    const newer = parseLines(readFileSync(file, 'utf8'));
    expect(older.length).toBeGreaterThan(0);
    expect(newer.length).toBeGreaterThan(0);
    expect([...older, ...newer].sort(byId).slice(0, expected.length)).toEqual(expected);
  });

  it('R62: wait while the file cannot be written, and answers do not', async () => {
    const folder = join(createFolder().path, 'logs');
    const file = join(folder, 'audit.log');
    mkdirSync(folder);
    const gateway = await start({ SCOPEGATE_AUDIT_FILE: file });
    await until(() => existsSync(file));
    renameSync(folder, `${folder}.old`);
    const expected = await makeEvents(gateway);
    await until(async () => (await figure(gateway, 'scopegate_audit_stream_failing{stream="file"}')) === 1);
    expect(await figure(gateway, 'scopegate_audit_stream_queue{stream="file"}')).toBeGreaterThan(0);
    mkdirSync(folder);
    await until(async () => (await figure(gateway, 'scopegate_audit_stream_queue{stream="file"}')) === 0);
    await gateway.stop();
    const lines = [join(`${folder}.old`, 'audit.log'), file].flatMap((path) => parseLines(readFileSync(path, 'utf8')));
    expect(lines.sort(byId).slice(0, expected.length)).toEqual(expected);
  });
});

describe('audit events at a syslog receiver', () => {
  it('R55: arrive as datagrams of RFC 5424', async () => {
    const messages: string[] = [];
    const receiver: DatagramSocket = createSocket('udp4');
    receiver.on('message', (message) => messages.push(message.toString('utf8')));
    await new Promise<void>((resolve) => receiver.bind(0, '127.0.0.1', resolve));
    cleanUps.push(() => new Promise<void>((resolve) => receiver.close(resolve)));
    const gateway = await start({ SCOPEGATE_AUDIT_SYSLOG: `udp://127.0.0.1:${receiver.address().port}` });
    const expected = await makeEvents(gateway);
    // An event that is larger than a datagram loses what makes it so large.
    const entries = Array.from({ length: 6_000 }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`);
    await gateway.patchSettings({ ipRestriction: { allowList: ['127.0.0.1', ...entries] } });
    await gateway.events({});
    await until(() => messages.length > expected.length + 2);
    const events = messages.map(eventOf).sort(byId);
    expect(events.slice(0, expected.length)).toEqual(expected);
    const large = events.filter((event) => JSON.stringify(event).includes('does not fit'));
    expect(large.map(({ type }) => type)).toEqual(['settings.changed']);
  });

  it('R62: arrive over TCP with their length, also those from while the receiver was away', async () => {
    const port = await freePort();
    const first = await receiveTcp(port);
    const gateway = await start({ SCOPEGATE_AUDIT_SYSLOG: `tcp://localhost:${port}` });
    const early = await makeEvents(gateway);
    await until(() => countedMessages(Buffer.concat(first.chunks)).length >= early.length);
    expect(countedMessages(Buffer.concat(first.chunks)).map(eventOf).sort(byId).slice(0, early.length)).toEqual(early);
    await first.kill();
    const late = (await makeEvents(gateway)).slice(early.length);
    expect(late.length).toBeGreaterThan(3);
    const second = await receiveTcp(port);
    const arrived = (): ReadonlySet<string> => {
      const chunks = Buffer.concat([...first.chunks, ...second.chunks]);
      return new Set(countedMessages(chunks).map((message) => eventOf(message).id));
    };
    // What was being written when the connection broke may be lost; that is at most what was made before the break.
    await until(() => late.slice(1).every(({ id }) => arrived().has(id)));
    await gateway.stop();
  });
});

describe('audit events at a webhook', () => {
  const secret = 'a secret for the signatures of webhooks';

  /** A receiver that answers what the test says, and keeps what it was sent. */
  async function receive(status: (attempt: number) => number): Promise<{
    readonly url: string;
    readonly taken: string[];
    readonly attempts: () => number;
    readonly wrongSignatures: () => number;
  }> {
    const taken: string[] = [];
    let attempts = 0;
    let wrongSignatures = 0;
    const server: HttpServer = createHttpServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        attempts += 1;
        const body = Buffer.concat(chunks).toString('utf8');
        const [, seconds, hex] =
          /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(request.headers['x-scopegate-signature'])) ?? [];
        const expected = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
        const age = Math.abs(Date.now() / 1000 - Number(seconds));
        if (hex !== expected || age > 60 || request.headers['content-type'] !== 'application/x-ndjson') {
          wrongSignatures += 1;
        }
        const answer = status(attempts);
        if (answer === 200) taken.push(body);
        if (answer === 0) request.socket.destroy();
        else response.writeHead(answer).end('whatever');
      });
    });
    const port = await listen(server);
    cleanUps.push(() => new Promise<void>((resolve) => server.close(() => resolve()) && server.closeAllConnections()));
    return {
      url: `http://127.0.0.1:${port}/hook?key=1`,
      taken,
      attempts: () => attempts,
      wrongSignatures: () => wrongSignatures,
    };
  }

  it('R62: arrive signed and once, though the receiver fails for a while', async () => {
    const failures = [0, 302, 503];
    const receiver = await receive((attempt) => failures[attempt - 1] ?? 200);
    const gateway = await start({ SCOPEGATE_AUDIT_WEBHOOK: receiver.url, SCOPEGATE_AUDIT_WEBHOOK_SECRET: secret });
    const startedAt = Date.now();
    const expected = await makeEvents(gateway);
    // Nobody waits for the receiver.
    expect(Date.now() - startedAt).toBeLessThan(20_000);
    await until(() => parseLines(receiver.taken.join('')).length >= expected.length);
    const events = [...parseLines(receiver.taken.join(''))].sort(byId);
    expect(events.slice(0, expected.length)).toEqual(expected);
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    expect(receiver.attempts()).toBeGreaterThan(failures.length);
    expect(receiver.wrongSignatures()).toBe(0);
    expect(await figure(gateway, 'scopegate_audit_stream_events_total{stream="webhook",result="dropped"}')).toBe(0);
  });

  it('R62: are dropped and counted where the receiver refuses them, and those after them go on', async () => {
    const receiver = await receive((attempt) => (attempt === 1 ? 422 : 200));
    const gateway = await start({ SCOPEGATE_AUDIT_WEBHOOK: receiver.url, SCOPEGATE_AUDIT_WEBHOOK_SECRET: secret });
    await makeEvents(gateway);
    const dropped = 'scopegate_audit_stream_events_total{stream="webhook",result="dropped"}';
    await until(async () => (await figure(gateway, dropped)) > 0);
    await makeEvents(gateway);
    await until(() => receiver.taken.length > 0);
    expect(receiver.wrongSignatures()).toBe(0);
  });

  it('R62: never hold up a request, nor the end, where the receiver accepts and says nothing', async () => {
    const silent = await receiveTcp();
    const gateway = await start({ SCOPEGATE_AUDIT_WEBHOOK: `http://127.0.0.1:${silent.port}/` });
    const expected = await makeEvents(gateway);
    expect(expected.length).toBeGreaterThan(5);
    await until(() => silent.chunks.length > 0);
    const startedAt = Date.now();
    await gateway.stop();
    expect(Date.now() - startedAt).toBeLessThan(25_000);
  });
});

describe('audit events on standard output', () => {
  it('R55: stand between the lines of the log; a hang-up for the file does not end the server', async () => {
    const file = join(createFolder().path, 'audit.log');
    const gateway = await startScopegate({ env: { SCOPEGATE_AUDIT_STDOUT: 'true', SCOPEGATE_AUDIT_FILE: file } });
    cleanUps.push(() => gateway.stop());
    const admin = createApiClient(gateway.url, { user: 'admin', password: gateway.adminPassword });
    await admin.get('/me');
    process.kill(gateway.pid, 'SIGHUP');
    expect((await admin.patch('/settings', { audit: { retentionDays: 99 } })).status).toBe(200);
    expect(await gateway.stop()).toBe(0);
    const events = gateway.logs.filter((line) => 'outcome' in line && !('level' in line));
    expect(events.map((event) => event['type'])).toContain('settings.changed');
    expect(events).toEqual(parseLines(readFileSync(file, 'utf8')));
    expect(gateway.output()).not.toContain(gateway.adminPassword);
  });
});
