import { createHash, randomBytes } from 'node:crypto';
import { connect, createServer, type ServerOpts, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { shareGateway } from '../support/gateway-test.js';
import { HttpMessageReader } from '../support/http-message.reader.js';
import type { HttpMessage } from '../support/http-message.js';
import { listen } from '../support/listen.js';
import { request, sendRaw, type RawAnswer, type RawRequest, type SendOptions } from '../support/raw-client.js';
import { startRecordingUpstream } from '../support/recording-upstream.js';
import { bearer, type TestEvent } from '../support/scopegate.fixture.js';
import { until } from '../support/until.js';

const MEBIBYTE = 1_048_576;
const TOTAL_BYTES = 200 * MEBIBYTE;

/** More memory that the process may need for two streams: buffers of four sockets, and garbage not yet collected. */
const MEMORY_BOUND_BYTES = 150 * MEBIBYTE;

const PIECE = randomBytes(MEBIBYTE);

const { gateway, upstream } = await shareGateway({ upstream: { bodyLimitBytes: 65_536 } });
await gateway.patchSettings({ audit: { anonymous: true } });
const key = await gateway.createApplication({
  kind: 'generic',
  anonymous: 'allow',
  mount: { pathPrefix: '/app' },
  upstream: upstream.url,
});
/** Its upstream may take only so long to answer. */
const IMPATIENT_MS = 2_000;
const impatient = await gateway.createApplication({
  kind: 'generic',
  mount: { pathPrefix: '/impatient' },
  upstream: upstream.url,
  timeoutMs: IMPATIENT_MS,
});
// Failures of one application that are alike are recorded as one: others have it to themselves.
await gateway.createApplication({ kind: 'generic', mount: { pathPrefix: '/odd' }, upstream: upstream.url });
const token = (await gateway.createToken({ scope: 'read-write' })).secret;
const readOnly = (await gateway.createToken({ scope: 'read-only' })).secret;

function send(
  content: Omit<RawRequest, 'port' | 'target'> & { readonly target?: string },
  options: SendOptions = {},
): Promise<RawAnswer> {
  const headers = [bearer(token), ...(content.headers ?? [])];
  return request({ port: gateway.port, target: '/app/x', ...content, headers }, options);
}

async function eventOf(requestId: string, application = key): Promise<readonly TestEvent[]> {
  return (await gateway.events({ application })).filter((event) => event.requestId === requestId);
}

function write(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (socket.write(bytes)) setImmediate(resolve);
    else socket.once('drain', () => resolve());
  });
}

/** The most memory in use while something runs, beyond what was in use before. */
async function memoryOf(run: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage().rss;
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
  await run();
  clearInterval(watch);
  return most - before;
}

function frame(piece: Buffer, chunked: boolean): Buffer {
  return chunked ? Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]) : piece;
}

function hashOfTotal(): string {
  const hash = createHash('sha256');
  for (let sent = 0; sent < TOTAL_BYTES; sent += PIECE.length) hash.update(PIECE);
  return hash.digest('hex');
}

describe('large bodies', () => {
  it.each([
    ['with a length', false],
    ['in chunks', true],
  ])('R02: 200 MB %s go up byte for byte, and memory stays bounded', async (_name, chunked) => {
    const framing = chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${TOTAL_BYTES}`;
    const socket = connect(gateway.port, '127.0.0.1');
    let status = '';
    socket.on('data', (bytes) => (status ||= bytes.toString('latin1').split('\r\n', 1)[0] ?? ''));
    const used = await memoryOf(async () => {
      await write(
        socket,
        Buffer.from(`PUT /app/up HTTP/1.1\r\nHost: a\r\n${bearer(token).join(': ')}\r\n${framing}\r\n\r\n`),
      );
      for (let sent = 0; sent < TOTAL_BYTES; sent += PIECE.length) await write(socket, frame(PIECE, chunked));
      if (chunked) await write(socket, Buffer.from('0\r\n\r\n'));
      await upstream.waitForRequests(1);
      await until(() => status !== '');
    });
    socket.destroy();
    expect(status).toBe('HTTP/1.1 200 OK');
    expect(upstream.lastRequest?.bodyLength).toBe(TOTAL_BYTES);
    expect(upstream.lastRequest?.bodySha256).toBe(hashOfTotal());
    expect(upstream.lastRequest?.header('transfer-encoding')).toBe(chunked ? 'chunked' : undefined);
    expect(upstream.lastRequest?.header('content-length')).toBe(chunked ? undefined : String(TOTAL_BYTES));
    expect(used).toBeLessThan(MEMORY_BOUND_BYTES);
  });

  it.each([
    ['with a length', false],
    ['in chunks', true],
  ])('R02: 200 MB %s come down byte for byte, and memory stays bounded', async (_name, chunked) => {
    upstream.respondWith(() => ({
      ...(chunked ? {} : { headers: [['Content-Length', String(TOTAL_BYTES)]] }),
      body: (async function* () {
        for (let sent = 0; sent < TOTAL_BYTES; sent += PIECE.length) yield PIECE;
      })(),
    }));
    let answer: HttpMessage | undefined;
    const used = await memoryOf(
      () =>
        new Promise((resolve, reject) => {
          const socket = connect(gateway.port, '127.0.0.1');
          const reader = new HttpMessageReader({
            unframed: 'until-end',
            bodyLimitBytes: 0,
            onMessage: (message) => {
              answer = message;
              socket.destroy();
              resolve();
            },
          });
          socket.on('data', (bytes) => reader.push(bytes));
          socket.once('error', reject);
          socket.write(`GET /app/down HTTP/1.1\r\nHost: a\r\n${bearer(token).join(': ')}\r\n\r\n`);
        }),
    );
    expect(answer?.bodyLength).toBe(TOTAL_BYTES);
    expect(answer?.bodySha256).toBe(hashOfTotal());
    expect(used).toBeLessThan(MEMORY_BOUND_BYTES);
  });

  it('R02: a client that reads slowly slows the upstream down', async () => {
    let produced = 0;
    upstream.respondWith(() => ({
      body: (async function* () {
        for (; produced < TOTAL_BYTES; produced += PIECE.length) yield PIECE;
      })(),
    }));
    const socket = connect(gateway.port, '127.0.0.1');
    socket.write(`GET /app/down HTTP/1.1\r\nHost: a\r\n${bearer(token).join(': ')}\r\n\r\n`);
    socket.pause();
    await until(() => produced > 0);
    for (let before = -1; before !== produced; await pause(600)) before = produced;
    expect(produced).toBeLessThan(TOTAL_BYTES / 4);
    socket.destroy();
    await upstream.waitForAborts(1);
  });

  it.each([
    ['with a length', `Content-Length: ${16 * MEBIBYTE}\r\n`],
    ['up to the end of the connection', ''],
  ])('R02: an answer %s is whole for a client that reads slowly, where the upstream closes', async (_name, framing) => {
    const body = 'b'.repeat(16 * MEBIBYTE);
    upstream.respondWith(() => ({ raw: `HTTP/1.1 200 OK\r\n${framing}Connection: close\r\n\r\n${body}`, close: true }));
    const socket = connect(gateway.port, '127.0.0.1');
    const answered = new Promise<HttpMessage>((resolve) => {
      const reader = new HttpMessageReader({ unframed: 'until-end', bodyLimitBytes: 0, onMessage: resolve });
      socket.on('data', (bytes) => {
        reader.push(bytes);
        socket.pause();
        setTimeout(() => socket.resume(), 1);
      });
    });
    socket.write(`GET /app/down HTTP/1.1\r\nHost: a\r\n${bearer(token).join(': ')}\r\n\r\n`);
    expect((await answered).bodyLength).toBe(body.length);
    socket.destroy();
  });

  it('R02: an upstream that reads slowly slows the client down', async () => {
    const silent = await startTcpServer(() => undefined, { pauseOnConnect: true });
    const slow = await gateway.createApplication({
      kind: 'generic',
      mount: { pathPrefix: '/slow' },
      upstream: silent.url,
    });
    const socket = connect(gateway.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      `PUT /slow/up HTTP/1.1\r\nHost: a\r\n${bearer(token).join(': ')}\r\nContent-Length: ${TOTAL_BYTES}\r\n\r\n`,
    );
    let sent = 0;
    const sending = (async () => {
      while (sent < TOTAL_BYTES && !socket.destroyed) {
        await Promise.race([write(socket, PIECE), new Promise((resolve) => socket.once('close', resolve))]);
        sent += PIECE.length;
      }
    })();
    await pause(900);
    expect(sent).toBeLessThan(TOTAL_BYTES / 4);
    socket.destroy();
    await sending;
    await silent.stop();
    await gateway.admin.delete(`/applications/${slow}`);
  });
});

/** A server on a bare socket, in place of the recording upstream. */
async function startTcpServer(
  onSocket: (socket: Socket) => void,
  options: ServerOpts = {},
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer(options, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

describe('answers', () => {
  it('R02: server-sent events arrive one by one, the head before the first', async () => {
    const arrivals: string[] = [];
    let release = (): void => undefined;
    upstream.respondWith(() => ({
      headers: [['Content-Type', 'text/event-stream']],
      body: (async function* () {
        for (let index = 0; index < 3; index += 1) {
          await new Promise<void>((resolve) => (release = resolve));
          yield `data: ${index}\n\n`;
        }
      })(),
    }));
    const socket = connect(gateway.port, '127.0.0.1');
    socket.on('data', (bytes) => arrivals.push(bytes.toString()));
    socket.write(`GET /app/events HTTP/1.1\r\nHost: a\r\n${bearer(readOnly).join(': ')}\r\n\r\n`);
    await until(() => arrivals.length === 1);
    expect(arrivals[0]).toMatch(/^HTTP\/1\.1 200 OK\r\nContent-Type: text\/event-stream\r\n[^]*\r\n\r\n$/);
    for (let index = 0; index < 3; index += 1) {
      release();
      await until(() => arrivals.join('').includes(`data: ${index}\n\n`));
      expect(arrivals.join('')).not.toContain(`data: ${index + 1}`);
    }
    socket.destroy();
  });

  it('R02: compressed bodies pass as they are, both ways', async () => {
    const packed = gzipSync('a body that is packed');
    upstream.respondWith(() => ({
      headers: [
        ['Content-Encoding', 'gzip'],
        ['ETag', '"1"'],
      ],
      body: packed,
    }));
    const answer = await send({ method: 'POST', headers: [['Content-Encoding', 'gzip']], body: packed });
    expect(answer.body).toEqual(packed);
    expect(answer.headerLines).toContainEqual(['Content-Encoding', 'gzip']);
    expect(answer.headerLines).toContainEqual(['ETag', '"1"']);
    expect(upstream.lastRequest?.body).toEqual(packed);
    expect(upstream.lastRequest?.headerLines).toContainEqual(['Content-Encoding', 'gzip']);
  });

  it('R02: the head comes back in its order, spelling and number of lines', async () => {
    const lines = [
      ['X-First', 'a'],
      ['x-SECOND', 'b, c'],
      ['Link', '<x>'],
      ['Vary', 'Accept'],
      ['link', '<y>'],
      ['X-Latin', 'caf\u00e9'],
      ['X-Empty', ''],
      ['Content-Length', '2'],
    ] as const;
    upstream.respondWith(() => ({ status: 207, statusText: 'Multi-Status', headers: lines, body: 'ok' }));
    const answer = await send({});
    expect([answer.status, answer.statusText, answer.text()]).toEqual([207, 'Multi-Status', 'ok']);
    expect(answer.headerLines.slice(0, lines.length)).toEqual(lines);
  });

  it.each([
    ['Latin-1', 'Gr\u00f6\u00dfe'],
    ['UTF-8', Buffer.from('\u041d\u0435 \u043d\u0430\u0439\u0434\u0435\u043d\u043e').toString('latin1')],
  ])(
    'R02, R62: a reason phrase in %s harms neither its own answer nor those beside it',
    async (_charset, statusText) => {
      upstream.respondWith(({ target }) => ({ statusText: target === '/odd' ? statusText : 'OK', body: target }));
      const get = (target: string): string =>
        `GET /app${target} HTTP/1.1\r\nHost: a\r\n${bearer(readOnly).join(': ')}\r\n\r\n`;
      const answers = await Promise.all(
        ['/odd', '/even', '/odd', '/even'].map((target) => sendRaw(gateway.port, get(target))),
      );
      expect(answers.map((answer) => [answer.status, answer.text()])).toEqual([
        [200, '/odd'],
        [200, '/even'],
        [200, '/odd'],
        [200, '/even'],
      ]);
    },
  );

  it.each([
    ['HEAD', 200, '5'],
    ['GET', 204, undefined],
    ['GET', 304, undefined],
    ['GET', 304, '5'],
    ['HEAD', 404, '0'],
  ])('R02: %s with %i and the length %s has no body', async (method, status, length) => {
    upstream.respondWith(() => ({
      status,
      headers: [['ETag', '"1"'], ...(length === undefined ? [] : [['Content-Length', length] as const])],
    }));
    const one = `${method} /app/x HTTP/1.1\r\nHost: a\r\n${bearer(readOnly).join(': ')}\r\n\r\n`;
    // The second answer begins where the first one ends.
    const answer = await sendRaw(gateway.port, one + one, { answers: 2, closeWaitMs: 100 });
    expect(answer.status).toBe(status);
    expect(answer.header('content-length')).toBe(length);
    expect(answer.header('transfer-encoding')).toBeUndefined();
    expect(answer.rest.toString('latin1')).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*\r\n\r\n$`));
    expect(upstream.requests).toHaveLength(2);
  });

  it('R02: what belongs to the connection stays there, trailers included', async () => {
    upstream.respondWith(() => ({
      headers: [
        ['Connection', 'X-Hop, close'],
        ['X-Hop', '1'],
        ['Keep-Alive', 'timeout=1'],
        ['Proxy-Authenticate', 'Basic realm="x"'],
        ['Upgrade', 'h2c'],
        ['Trailer', 'X-Trailer'],
        ['X-End', '2'],
      ],
      body: 'body',
      trailers: [['X-Trailer', 'no']],
    }));
    const answer = await send({});
    expect(answer.text()).toBe('body');
    for (const name of ['x-hop', 'proxy-authenticate', 'upgrade', 'trailer', 'x-trailer']) {
      expect(answer.header(name), name).toBeUndefined();
    }
    expect(answer.header('x-end')).toBe('2');
    expect(answer.headerValues('connection')).toEqual(['keep-alive']);
    expect(answer.closed).toBe(false);
    expect(answer.trailers).toEqual([]);
  });

  it('R02: answers before the final one are passed on, without cookies, and not to HTTP/1.0', async () => {
    const early = 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nSet-Cookie: a=b\r\nConnection: x\r\n\r\n';
    const processing = 'HTTP/1.1 102 Processing\r\n\r\n';
    upstream.respondWith(() => ({ raw: `${early}${processing}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok` }));
    const answer = await send({});
    expect([answer.status, answer.text()]).toEqual([200, 'ok']);
    expect(answer.interim).toEqual([
      { status: 103, headerLines: [['Link', '</x>']] },
      { status: 102, headerLines: [] },
    ]);
    const old = await sendRaw(gateway.port, `GET /app/x HTTP/1.0\r\nHost: a\r\n${bearer(token).join(': ')}\r\n\r\n`);
    expect([old.status, old.text(), old.interim]).toEqual([200, 'ok', []]);
  });

  it.each([
    ['in one packet with the answer', 0],
    ['byte by byte', 1],
  ])('R02: skips a 100 that the client did not ask for, %s', async (_name, pieceBytes) => {
    const go = 'HTTP/1.1 100 Continue\r\nX-A: 1\r\n\r\n';
    const early = 'HTTP/1.1 103 Early Hints\r\n\r\n';
    // What looks like one in a body stays there.
    const raw = `${go}${early}${go}HTTP/1.1 200 OK\r\nContent-Length: ${go.length}\r\n\r\n${go}`;
    const server = await startTcpServer((socket) => {
      socket.on('data', () => void sendInPieces(socket, raw, pieceBytes === 0 ? raw.length : pieceBytes));
    });
    const mount = { pathPrefix: `/continue${pieceBytes}` };
    await gateway.createApplication({ kind: 'generic', mount, upstream: server.url });
    for (let round = 0; round < 2; round += 1) {
      const answer = await send({ target: `${mount.pathPrefix}/x` });
      expect([answer.status, answer.text()]).toEqual([200, go]);
      expect(answer.interim.map(({ status }) => status)).toEqual([103]);
    }
    await server.stop();
  });

  it.each([
    'HTTP/1.1 600 Odd\r\nContent-Length: 2\r\n\r\nok',
    'HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nok',
    'HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\nok',
    'HTTP/1.1 000 Odd\r\nContent-Length: 2\r\n\r\nok',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok',
    'HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok',
    'HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok',
    'HTTP/1.1 200 OK\r\nX A: 1\r\nContent-Length: 2\r\n\r\nok',
    'HTTP/1.1 200 OK\r\nX-A: a\u0000b\r\nContent-Length: 2\r\n\r\nok',
    `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(70_000)}\r\nContent-Length: 2\r\n\r\nok`,
  ])('R02: an answer that is not HTTP is a 502: %j', async (raw) => {
    upstream.respondWith(() => ({ raw, close: true }));
    const answer = await send({ target: '/odd/x' });
    expect([answer.status, answer.json<{ code: string }>().code]).toEqual([502, 'upstream_unreachable']);
    upstream.clear();
    expect((await send({})).status).toBe(200);
  });

  it.each([
    'Content-Length: 5\r\n\r\nhello',
    'Content-Length: 0\r\n\r\n',
    'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  ])('R02: a 204 has no length and no body, whatever the upstream says: %j', async (rest) => {
    upstream.respondWith(() => ({ raw: `HTTP/1.1 204 No Content\r\nX-A: 1\r\n${rest}` }));
    const one = `GET /app/x HTTP/1.1\r\nHost: a\r\n${bearer(readOnly).join(': ')}\r\n\r\n`;
    const answer = await sendRaw(gateway.port, one + one, { answers: 2, closeWaitMs: 100 });
    expect([answer.status, answer.header('x-a'), answer.header('content-length')]).toEqual([204, '1', undefined]);
    expect(answer.header('transfer-encoding')).toBeUndefined();
    expect(answer.rest.toString('latin1')).toMatch(/^HTTP\/1\.1 204 No Content\r\n(?:[^\r]+\r\n)+\r\n$/);
  });

  it('R02: refuses a protocol that the client did not ask for', async () => {
    upstream.respondWith(() => ({
      raw: 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
    }));
    expect((await send({})).status).toBe(502);
  });

  it('R11: repeated Set-Cookie lines come through, and none on a token request', async () => {
    const cookies = ['a=1; Path=/app/x', 'b=2; Expires=Wed, 21 Oct 2065 07:28:00 GMT', 'a=3; HttpOnly'];
    upstream.respondWith(() => ({ headers: cookies.map((cookie) => ['Set-Cookie', cookie]), body: 'x' }));
    const anonymous = await request({ port: gateway.port, target: '/app/x' });
    expect(anonymous.headerValues('set-cookie')).toEqual(cookies);
    expect((await send({})).headerValues('set-cookie')).toEqual([]);
  });

  it('R02: an early answer reaches a client that is still sending, and the connection stays in step', async () => {
    const early = await startEarlyServer();
    const application = await gateway.createApplication({
      kind: 'generic',
      mount: { pathPrefix: '/early' },
      upstream: early.url,
    });
    const body = Buffer.alloc(8 * MEBIBYTE, 'b');
    const upload = Buffer.concat([
      Buffer.from(
        `PUT /early/x HTTP/1.1\r\nHost: a\r\n${bearer(token).join(': ')}\r\nContent-Length: ${body.length}\r\n\r\n`,
      ),
      body,
    ]);
    const next = Buffer.from(`GET /app/next HTTP/1.1\r\nHost: a\r\n${bearer(token).join(': ')}\r\n\r\n`);
    const answer = await sendRaw(gateway.port, [upload, next], { answers: 2, closeWaitMs: 100 });
    expect(answer.status).toBe(413);
    expect(answer.text()).toBe('too large');
    // The rest of the body is read and dropped, or the connection is closed: never taken for a request.
    if (answer.closed) expect(answer.rest).toHaveLength(0);
    else expect(answer.rest.toString('latin1')).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    await early.stop();
    await gateway.admin.delete(`/applications/${application}`);
  });
});

async function sendInPieces(socket: Socket, text: string, pieceBytes: number): Promise<void> {
  for (let from = 0; from < text.length && !socket.destroyed; from += pieceBytes) {
    socket.write(text.slice(from, from + pieceBytes));
    await pause(1);
  }
}

/** Answers 413 to the first bytes of a request, and goes on reading. */
const startEarlyServer = (): ReturnType<typeof startTcpServer> =>
  startTcpServer((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\n\r\ntoo large');
      socket.on('data', () => undefined);
    });
  });

describe('bodies of requests', () => {
  it.each(['PROPFIND', 'REPORT', 'QUERY', 'MERGE', 'PURGE', 'LINK', 'MKCOL', 'LOCK', 'SEARCH', 'PATCH', 'DELETE'])(
    'R07: %s with a body reaches the upstream, and not with a read-only token',
    async (method) => {
      const body = `<${method}/>`;
      const refused = await request({
        port: gateway.port,
        method,
        target: '/app/x',
        headers: [bearer(readOnly)],
        body,
      });
      expect([refused.status, refused.json<{ code: string }>().code]).toEqual([403, 'scope_insufficient']);
      expect(upstream.bytesReceived).toBe(0);
      expect((await send({ method, body })).status).toBe(200);
      expect(upstream.lastRequest).toMatchObject({ method, bodyLength: body.length });
      expect((await send({ method })).status).toBe(200);
      expect(upstream.lastRequest).toMatchObject({ method, bodyLength: 0 });
    },
  );

  it.each(['TRACE', 'CONNECT', 'BREW', 'get'])('R07: %s does not reach the upstream', async (method) => {
    const answer = await send({ method });
    expect(answer.status).toBe(method === 'TRACE' || method === 'CONNECT' ? 405 : 400);
    expect(upstream.bytesReceived).toBe(0);
  });

  it.each([
    'application/json',
    'application/json; charset=utf-16',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/vnd.unheard-of+thing',
    'text/plain',
    'no type at all',
    '',
  ])('R07: a body of the type "%s" passes unread', async (type) => {
    // Neither JSON nor a form nor parts: a parser would fail.
    const body = randomBytes(5_000);
    expect((await send({ method: 'POST', headers: [['Content-Type', type]], body })).status).toBe(200);
    expect(upstream.lastRequest?.body).toEqual(body);
    expect(upstream.lastRequest?.headerValues('content-type')).toEqual([type]);
  });

  it('R02: a GET with a body keeps its framing, in length and in chunks', async () => {
    await send({ headers: [['Content-Length', '3']], body: 'abc' });
    expect(upstream.lastRequest).toMatchObject({ method: 'GET', bodyLength: 3 });
    expect(upstream.lastRequest?.header('content-length')).toBe('3');
    await send({ headers: [['Transfer-Encoding', 'chunked']], body: '3\r\nabc\r\n0\r\n\r\n' });
    expect(upstream.lastRequest).toMatchObject({ method: 'GET', bodyLength: 3 });
    expect(upstream.lastRequest?.header('transfer-encoding')).toBe('chunked');
    expect(upstream.lastRequest?.header('content-length')).toBeUndefined();
  });

  describe.each([
    ['in length', 'Content-Length: 8', ['abcd', 'efgh']],
    ['in chunks', 'Transfer-Encoding: chunked', ['4\r\nabcd\r\n', '4\r\nefgh\r\n0\r\n\r\n']],
  ] as const)('%s', (_framing, line, [first, second]) => {
    const head = (): string => `POST /app/x HTTP/1.1\r\nHost: a\r\n${bearer(token).join(': ')}\r\n${line}\r\n\r\n`;
    const next = (): string =>
      `POST /app/next HTTP/1.1\r\nHost: a\r\n${bearer(token).join(': ')}\r\nContent-Length: 2\r\n\r\n{}`;

    it.each([
      ['in one packet with its head and the next request', () => [head() + first + second + next()]],
      ['behind its head', () => [head(), first + second + next()]],
      ['in part with its head', () => [head() + first, second + next()]],
      ['in two parts behind its head', () => [head(), first, second + next()]],
    ])('R02: a body that comes %s reaches the upstream as it was sent', async (_way, pieces) => {
      const answer = await sendRaw(gateway.port, pieces());
      expect(answer.status).toBe(200);
      await until(() => upstream.requests.length === 2);
      // The two go upstream on connections of their own: which of them is there first is not said.
      const [one, other] = upstream.requests.toSorted((left, right) =>
        left.target === '/x' ? -1 : right.target === '/x' ? 1 : 0,
      );
      expect([one?.body.toString(), other?.body.toString()]).toEqual(['abcdefgh', '{}']);
      const [name, value] = line.split(': ') as [string, string];
      expect(one?.headerValues(name)).toEqual([value]);
      const otherFraming = name === 'Content-Length' ? 'Transfer-Encoding' : 'Content-Length';
      expect(one?.headerValues(otherFraming)).toEqual([]);
    });
  });

  it('R55: an upload may take longer than the upstream may take to answer', async () => {
    const head = `PUT /impatient/x HTTP/1.1\r\nHost: a\r\n${bearer(token).join(': ')}\r\nContent-Length: 50\r\n\r\n`;
    const pieces = Array.from({ length: 5 }, () => 'ten bytes.');
    const answer = await sendRaw(gateway.port, [head, ...pieces], { pauseMs: IMPATIENT_MS / 4 });
    expect(answer.status).toBe(200);
    expect(upstream.lastRequest?.bodyLength).toBe(50);
  });

  it('R55: a client that pauses in its body is not taken for an upstream that does not answer', async () => {
    const head = `PUT /impatient/x HTTP/1.1\r\nHost: a\r\n${bearer(token).join(': ')}\r\nContent-Length: 20\r\n\r\n`;
    const answer = await sendRaw(gateway.port, [head, 'ten bytes.', 'ten bytes.'], { pauseMs: IMPATIENT_MS * 1.75 });
    expect([answer.status, upstream.lastRequest?.bodyLength]).toEqual([200, 20]);
  });

  it('R55: an upstream that takes nothing of a body is a 504', async () => {
    const silent = await startTcpServer(() => undefined, { pauseOnConnect: true });
    try {
      const mount = { pathPrefix: '/deaf' };
      await gateway.createApplication({ kind: 'generic', mount, upstream: silent.url, timeoutMs: 700 });
      const body = Buffer.alloc(20 * MEBIBYTE);
      const headers = [bearer(token), ['Content-Length', String(body.length)]] as const;
      const answer = await request({ port: gateway.port, method: 'PUT', target: '/deaf/x', headers, body });
      expect([answer.status, answer.json<{ code: string }>().code]).toEqual([504, 'upstream_timeout']);
    } finally {
      await silent.stop();
    }
  });

  it.each(['POST', 'PUT', 'GET', 'DELETE'])('R02: %s without a body gets none', async (method) => {
    await send({ method });
    expect(upstream.lastRequest?.header('transfer-encoding')).toBeUndefined();
    expect([undefined, '0']).toContain(upstream.lastRequest?.header('content-length'));
    await send({ method, headers: [['Content-Length', '0']] });
    expect(upstream.lastRequest?.header('transfer-encoding')).toBeUndefined();
    await send({ method, headers: [['Transfer-Encoding', 'chunked']], body: '0\r\n\r\n' });
    expect(upstream.lastRequest).toMatchObject({ method, bodyLength: 0 });
  });

  it('R03: 100 Continue comes after the decision; a refused request is not asked for its body', async () => {
    const expects = [['Expect', '100-continue'] as const, ['Content-Length', '3'] as const];
    const allowed = await send({ method: 'POST', headers: expects }, { afterContinue: 'abc' });
    expect(allowed.interim.map(({ status }) => status)).toEqual([100]);
    expect(allowed.status).toBe(200);
    expect(upstream.lastRequest?.body.toString()).toBe('abc');
    upstream.clear();
    const refused = await request(
      { port: gateway.port, method: 'POST', target: '/app/x', headers: [bearer(readOnly), ...expects] },
      { afterContinue: 'abc' },
    );
    expect(refused.interim).toEqual([]);
    expect([refused.status, refused.closed]).toEqual([403, true]);
    expect(upstream.bytesReceived).toBe(0);
    const unknown = await send({ method: 'POST', headers: [['Expect', '200-ok']], body: 'abc' });
    expect([400, 417]).toContain(unknown.status);
  });
});

describe('when something breaks', () => {
  const failed = { type: 'upstream.failed', outcome: 'failed' };

  it('R55: an upstream that is silent is a 504, and its request ends', async () => {
    upstream.respondWith(() => ({ hang: true }));
    const answer = await send({ target: '/impatient/x', headers: [['X-Request-Id', 'silent']] });
    expect([answer.status, answer.json<{ code: string }>().code]).toEqual([504, 'upstream_timeout']);
    expect(await eventOf('silent', impatient)).toMatchObject([{ ...failed, code: 'upstream_timeout', status: 504 }]);
    await upstream.waitForAborts(1);
  });

  it('R55: an upstream that is silent after an upload is a 504, and the connection stays in step', async () => {
    upstream.respondWith(({ method }) => (method === 'PUT' ? { hang: true } : { body: 'next' }));
    const head = `${bearer(token).join(': ')}\r\nHost: a\r\n`;
    const put = `PUT /impatient/x HTTP/1.1\r\n${head}Content-Length: 5\r\n\r\nabcde`;
    const answer = await sendRaw(gateway.port, `${put}GET /app/x HTTP/1.1\r\n${head}\r\n`, { answers: 2 });
    expect(answer.status).toBe(504);
    expect(answer.rest.toString('latin1')).toMatch(/^HTTP\/1\.1 200 OK[^]*next$/);
  });

  it('R55: an upstream that refuses, resets or talks nonsense is a 502', async () => {
    const gone = await startRecordingUpstream();
    await gone.stop();
    const refusing = await gateway.createApplication({
      kind: 'generic',
      mount: { pathPrefix: '/gone' },
      upstream: gone.url,
    });
    const unreachable = { status: 502, code: 'upstream_unreachable' };
    const refused = await request({
      port: gateway.port,
      method: 'POST',
      target: '/gone/x',
      headers: [bearer(token), ['X-Request-Id', 'refused']],
      body: 'a body that nobody reads',
    });
    expect(refused.json()).toMatchObject(unreachable);
    const events = (await gateway.events({ application: refusing })).filter((event) => event.requestId === 'refused');
    expect(events).toMatchObject([{ ...failed, code: 'upstream_unreachable', status: 502 }]);

    upstream.respondWith(() => ({ destroy: true }));
    expect((await send({ headers: [['X-Request-Id', 'reset']] })).json()).toMatchObject(unreachable);
    expect(await eventOf('reset')).toMatchObject([{ ...failed, status: 502 }]);
    for (const raw of ['nonsense\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n', 'HTTP/1.1 ']) {
      upstream.respondWith(() => ({ raw, close: true }));
      expect((await send({})).json(), raw).toMatchObject(unreachable);
    }
    const bad = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc';
    upstream.respondWith(() => ({ raw: bad, close: true }));
    expect((await send({})).status).toBe(502);
  });

  it.each([
    ['with a length', [['Content-Length', '100']]],
    ['in chunks', [['Transfer-Encoding', 'chunked']]],
  ] as const)(
    'R02: an answer %s that breaks off is a broken connection, never a short answer',
    async (_name, headers) => {
      upstream.respondWith(() => ({ headers, body: 'b'.repeat(100), destroy: true, destroyAfterBytes: 40 }));
      const reset = await send({});
      expect([reset.status, reset.complete, reset.closed]).toEqual([200, false, true]);
      upstream.respondWith(() => ({
        raw: `HTTP/1.1 200 OK\r\n${headers[0].join(': ')}\r\n\r\n28\r\n${'b'.repeat(40)}\r\n`,
        close: true,
      }));
      const ended = await send({});
      expect([ended.status, ended.complete, ended.closed]).toEqual([200, false, true]);
    },
  );

  it('R55: a client that goes away ends the upstream request, and what it asked for is recorded', async () => {
    upstream.respondWith(() => ({ hang: true }));
    const socket = connect(gateway.port, '127.0.0.1');
    socket.write(
      `POST /app/x HTTP/1.1\r\nHost: a\r\nX-Request-Id: gone\r\n${bearer(token).join(': ')}\r\nContent-Length: 2\r\n\r\nab`,
    );
    await upstream.waitForRequests(1);
    socket.destroy();
    await upstream.waitForAborts(1);
    await until(async () => (await eventOf('gone')).length > 0);
    expect(await eventOf('gone')).toMatchObject([{ type: 'authentication.succeeded', method: 'POST', status: null }]);
  });

  it('R55: a client that goes away in the middle of its body leaves no whole request behind', async () => {
    const socket = connect(gateway.port, '127.0.0.1');
    socket.write(
      `POST /app/x HTTP/1.1\r\nHost: a\r\nX-Request-Id: half\r\n${bearer(token).join(': ')}\r\nContent-Length: 100000\r\n\r\nab`,
    );
    await until(() => upstream.bytesReceived > 0);
    socket.destroy();
    await upstream.waitForAborts(1);
    expect(upstream.requests).toEqual([]);
    await until(async () => (await eventOf('half')).length === 1);
    expect(await eventOf('half')).toMatchObject([{ outcome: 'allowed', method: 'POST', status: null }]);
  });

  it('R02: a client that goes away in the middle of an answer ends it upstream', async () => {
    upstream.respondWith(() => ({
      body: (async function* () {
        for (;;) {
          yield 'piece';
          await pause(5);
        }
      })(),
    }));
    await send({}, { abortWhen: (received) => received.includes('piece') });
    await upstream.waitForAborts(1);
  });
});
