import { readFileSync } from 'node:fs';
import { connect as connectTo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shareGateway } from '../support/gateway-test.js';
import { sendRaw, type RawAnswer, type SendOptions } from '../support/raw-client.js';
import { bearer, startScopegateFixture } from '../support/scopegate.fixture.js';

interface RawCase {
  readonly id: string;
  readonly name: string;
  /** One byte a character. */
  readonly raw: string;
  readonly expected: { readonly status: number | string; readonly upstream?: string };
}

const corpus = JSON.parse(readFileSync(join(import.meta.dirname, '../corpora/raw-http.json'), 'utf8')) as {
  readonly cases: readonly RawCase[];
};

/** What the corpus says in words, as what it means here. The status is then judged by the words alone. */
const IN_WORDS = [
  '401/upstream status',
  'judged as ',
  '403 RO / forwarded RW',
  'connection closed or 405',
  'closed by headersTimeout',
  'plain HTTP/1.1 handling',
  '100 only after the decision',
] as const;

const { gateway, upstream } = await shareGateway();
const readOnly = (await gateway.createToken({ scope: 'read-only' })).secret;
const readWrite = (await gateway.createToken({ scope: 'read-write' })).secret;

function send(raw: string | readonly string[], options: SendOptions = {}): Promise<RawAnswer> {
  return sendRaw(gateway.port, raw, options);
}

/** The same bytes with a token: a line more behind the first one. */
function withToken(raw: string, secret: string): string {
  const [name, value] = bearer(secret);
  return raw.replace('\r\n', `\r\n${name}: ${value}\r\n`);
}

describe.each([
  ['by the host x', { host: 'x' }],
  ['by the prefix /', { pathPrefix: '/' }],
])('requests of raw bytes to an application mounted %s', (_name, mount) => {
  let key: string;

  beforeAll(async () => {
    key = await gateway.createApplication({ kind: 'generic', anonymous: 'allow', mount, upstream: upstream.url });
  });

  afterAll(async () => {
    await gateway.admin.delete(`/applications/${key}`);
  });

  const withStatus = corpus.cases.filter(({ expected }) => typeof expected.status === 'number');
  it.each(withStatus)('R67: $id ($name) is answered as the corpus says', async ({ raw, expected }) => {
    const answer = await send(raw);
    expect(answer.status).toBe(expected.status);
    if (expected.upstream?.startsWith('nothing') === true) expect(upstream.bytesReceived).toBe(0);
    if (expected.upstream?.includes('connection closed') === true) expect(answer.closed).toBe(true);
    // One answer and nothing after it, whatever else stood in the bytes.
    expect(answer.rest).toHaveLength(0);
    if (answer.status >= 400) {
      expect(answer.header('content-type')).toBe('application/problem+json');
      expect(answer.json()).toMatchObject({ status: answer.status });
    }
  });

  it('R67: every expectation of the corpus is either a status or one of the known words', () => {
    for (const { id, expected } of corpus.cases) {
      const { status } = expected;
      expect(typeof status === 'number' || IN_WORDS.some((words) => status.startsWith(words)), id).toBe(true);
    }
  });

  function inWords(words: (typeof IN_WORDS)[number]): readonly RawCase[] {
    return corpus.cases.filter(({ expected }) => String(expected.status).startsWith(words));
  }

  it.each(inWords('401/upstream status'))('R67: $id ($name) is for the host of its target', async ({ raw }) => {
    const answer = await send(withToken(raw, readOnly));
    if ('host' in mount) {
      expect(answer.json()).toMatchObject({ status: 404, code: 'application_not_found' });
      expect(upstream.bytesReceived).toBe(0);
      return;
    }
    expect(answer.status).toBe(200);
    const path = /^[A-Z]+ [a-z]+:\/\/[^/]+(\/[^ ]*)/.exec(raw)?.[1];
    expect(upstream.requests.map(({ target }) => target)).toEqual([path]);
  });

  it.each(inWords('judged as '))('R48: $id ($name) is forwarded in the form that was judged', async (one) => {
    const answer = await send(withToken(one.raw, readOnly));
    expect(answer.status).toBe(200);
    expect(upstream.lastRequest?.target).toBe(String(one.expected.status).slice('judged as '.length));
  });

  it.each(inWords('403 RO / forwarded RW'))('R03: $id ($name) is a write', async ({ raw }) => {
    const refused = await send(withToken(raw, readOnly));
    expect(refused.status).toBe(403);
    expect(refused.json()).toMatchObject({ code: 'scope_insufficient' });
    expect(upstream.bytesReceived).toBe(0);
    const allowed = await send(withToken(raw, readWrite));
    expect(allowed.status).toBe(200);
    expect(upstream.requests.map(({ method }) => method)).toEqual([raw.split(' ', 1)[0]]);
  });

  it.each(inWords('connection closed or 405'))('R07: $id ($name) opens no tunnel', async ({ raw }) => {
    for (const bytes of [raw, withToken(raw, readWrite)]) {
      const answer = await send(bytes);
      expect(answer.status).toBe(405);
      expect(answer.closed).toBe(true);
    }
    expect(upstream.connectionsOpened === 0 || upstream.bytesReceived === 0).toBe(true);
  });

  it.each(inWords('closed by headersTimeout'))('R67: $id ($name) gets no answer of an application', async ({ raw }) => {
    const answer = await send(raw, { timeoutMs: 300 });
    expect(answer.status).not.toBe(200);
    expect(upstream.bytesReceived).toBe(0);
  });

  it.each(inWords('plain HTTP/1.1 handling'))('R67: $id ($name) stays plain HTTP/1.1', async ({ raw }) => {
    const answer = await send(raw);
    expect(answer.status).toBe(200);
    const upgrade = ['upgrade', 'http2-settings', 'sec-websocket-key'].flatMap(
      (name) => upstream.lastRequest?.headerValues(name) ?? [],
    );
    expect(upgrade).toEqual([]);
    expect(upstream.lastRequest?.header('connection')?.toLowerCase()).not.toContain('upgrade');
  });

  it.each(inWords('100 only after the decision'))('R03: $id ($name) invites no body that is refused', async (one) => {
    const [head, body] = one.raw.split('\r\n\r\n') as [string, string];
    const refused = await send(withToken(`${head}\r\n\r\n`, readOnly), { afterContinue: body });
    expect(refused.status).toBe(403);
    expect(refused.interim).toEqual([]);
    // Whether the body comes cannot be known, so that nothing after it could be told apart from it.
    expect(refused.closed).toBe(true);
    expect(upstream.bytesReceived).toBe(0);

    const allowed = await send(withToken(`${head}\r\n\r\n`, readWrite), { afterContinue: body });
    expect(allowed.interim.map(({ status }) => status)).toEqual([100]);
    expect(allowed.status).toBe(200);
    expect(upstream.lastRequest?.body.toString()).toBe(body);
    expect(upstream.lastRequest?.header('expect')).toBeUndefined();
  });

  it('R67: fields of a trailer are no fields of the request', async () => {
    const [name, value] = bearer(readWrite);
    const chunked = 'Host: x\r\nTransfer-Encoding: chunked\r\n';
    const answer = await send(
      `POST /rest/x HTTP/1.1\r\n${chunked}${name}: ${bearer(readOnly)[1]}\r\n\r\n3\r\nabc\r\n0\r\n${name}: ${value}\r\n\r\n`,
    );
    expect(answer.status).toBe(403);
    const anonymous = await send(
      `POST /x HTTP/1.1\r\n${chunked}\r\n3\r\nabc\r\n0\r\n${name}: ${value}\r\nX-Forwarded-User: admin\r\n\r\n`,
    );
    expect(anonymous.status).toBe(200);
    expect(upstream.lastRequest?.body.toString()).toBe('abc');
    expect(upstream.lastRequest?.header('authorization')).toBeUndefined();
    expect(upstream.lastRequest?.header('x-forwarded-user')).toBeUndefined();
    expect(upstream.lastRequest?.trailers).toEqual([]);
  });

  it('R67: a hundred header lines pass, one more is a 431', async () => {
    const lines = (count: number): string =>
      Array.from({ length: count }, (_, index) => `X-${index}: ${index}\r\n`).join('');
    const passed = await send(`GET / HTTP/1.1\r\nHost: x\r\n${lines(99)}\r\n`);
    expect(passed.status).toBe(200);
    expect(upstream.lastRequest?.header('x-98')).toBe('98');
    upstream.clear();
    const refused = await send(`GET / HTTP/1.1\r\nHost: x\r\n${lines(100)}\r\n`);
    expect(refused.status).toBe(431);
    expect(refused.json()).toMatchObject({ code: 'headers_too_large' });
    // The credential at the end of a longer list is neither believed nor forgotten.
    const late = await send(`GET / HTTP/1.1\r\nHost: x\r\n${lines(1_010)}${bearer(readWrite).join(': ')}\r\n\r\n`);
    expect(late.status).toBe(431);
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R67: HTTP/1.1 without a Host line is a 400', async () => {
    for (const path of ['/', '/x', '/api/v1/me', '/docs', '/health/live', '/metrics']) {
      const answer = await send(`GET ${path} HTTP/1.1\r\n\r\n`);
      expect([answer.status, answer.json<{ code: string }>().code]).toEqual([400, 'request_malformed']);
    }
    expect(upstream.bytesReceived).toBe(0);
  });
});

describe('several requests on one connection', () => {
  let key: string;

  beforeAll(async () => {
    key = await gateway.createApplication({
      kind: 'generic',
      anonymous: 'allow',
      mount: { host: 'x' },
      upstream: upstream.url,
    });
  });

  afterAll(async () => {
    await gateway.admin.delete(`/applications/${key}`);
  });

  function get(path: string, secret: string): string {
    return `GET ${path} HTTP/1.1\r\nHost: x\r\n${bearer(secret).join(': ')}\r\n\r\n`;
  }

  function post(path: string, secret: string, body: string): string {
    return `POST ${path} HTTP/1.1\r\nHost: x\r\n${bearer(secret).join(': ')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  }

  function statuses({ raw }: RawAnswer): readonly number[] {
    return [...raw.toString('latin1').matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  }

  it('R02: pipelined requests are answered in their order', async () => {
    upstream.respondWith(({ target }) => ({ delayMs: target === '/1' ? 100 : 0, body: `answer ${target}` }));
    const answer = await send(get('/1', readOnly) + get('/2', readOnly) + get('/3', readWrite), {
      answers: 3,
      closeWaitMs: 100,
    });
    expect(statuses(answer)).toEqual([200, 200, 200]);
    expect(answer.raw.toString().match(/answer \/\d/g)).toEqual(['answer /1', 'answer /2', 'answer /3']);
  });

  it('bug: a pipelined DELETE does not overtake the PUT before it', async () => {
    let isAnswered = false;
    const overtaking: string[] = [];
    upstream.respondWith(async ({ method, target }) => {
      if (method === 'DELETE' && !isAnswered) overtaking.push(target);
      if (method === 'PUT') await new Promise((resolve) => setTimeout(resolve, 100));
      isAnswered = method === 'PUT';
      return { body: method };
    });
    const line = bearer(readWrite).join(': ');
    const put = `PUT /app/x HTTP/1.1\r\nHost: x\r\n${line}\r\nContent-Length: 1\r\n\r\na`;
    const remove = `DELETE /app/x HTTP/1.1\r\nHost: x\r\n${line}\r\n\r\n`;
    const answer = await send((put + remove).repeat(5), { answers: 10, closeWaitMs: 100 });
    expect(statuses(answer)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(upstream.requests.map(({ method }) => method)).toEqual(
      Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? 'PUT' : 'DELETE')),
    );
    expect(overtaking).toEqual([]);
  });

  it('R02: a pipelined request to the server itself waits for the answer before it, too', async () => {
    upstream.respondWith(() => ({ delayMs: 100, body: 'x' }));
    const own = `GET /health/live HTTP/1.1\r\nHost: own\r\n\r\n`;
    expect(
      statuses(await send(get('/1', readOnly) + own + get('/2', readOnly), { answers: 3, closeWaitMs: 100 })),
    ).toEqual([200, 200, 200]);
    expect(upstream.requests.map(({ target }) => target)).toEqual(['/1', '/2']);
  });

  it('bug: a request behind the last one of a connection is dropped, and the answer before it is not', async () => {
    const last = get('/1', readOnly).replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
    const answer = await send(last + get('/2', readOnly), { closeWaitMs: 300 });
    expect(statuses(answer)).toEqual([200]);
    expect(upstream.requests.map(({ target }) => target)).toEqual(['/1']);
  });

  it('R02: a client that goes away ends its first request, and what waits behind it is not sent', async () => {
    upstream.respondWith(({ target }) => (target === '/slow' ? { hang: true } : { body: 'x' }));
    const client = connectTo({ port: gateway.port, host: '127.0.0.1' });
    client.write(get('/slow', readOnly) + get('/behind', readOnly));
    await upstream.waitForRequests(1);
    client.destroy();
    await upstream.waitForAborts(1);
    // A later request shows that the one behind is not on its way.
    expect((await send(get('/later', readOnly))).status).toBe(200);
    expect(upstream.requests.map(({ target }) => target)).toEqual(['/slow', '/later']);
  });

  it('bug: a refused connection ends although its client leaves its side open', async () => {
    const socket = connectTo({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true });
    let hasFailed = false;
    socket.on('error', () => (hasFailed = true)).resume();
    socket.write('no HTTP at all\r\n\r\n');
    await new Promise((resolve) => socket.once('end', resolve));
    await expect
      .poll(() => {
        if (!hasFailed) socket.write('x');
        return hasFailed;
      })
      .toBe(true);
    socket.destroy();
  });

  it('R112: a connection with many pipelined requests is read only as they are answered', async () => {
    // More than the buffers of the system hold.
    const requests = get('/x', readOnly).repeat(300_000);
    let isHeld = true;
    let answerHeld = (): void => undefined;
    upstream.respondWith(() =>
      isHeld ? new Promise((resolve) => (answerHeld = () => resolve({ body: 'x' }))) : { body: 'x' },
    );
    const socket = connectTo({ port: gateway.port, host: '127.0.0.1' });
    socket.on('error', () => undefined).resume();
    socket.write(requests);
    await upstream.waitForRequests(1);
    let left = -1;
    while (left !== socket.writableLength) {
      left = socket.writableLength;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect(left).toBe(requests.length);
    expect(upstream.requests).toHaveLength(1);
    isHeld = false;
    answerHeld();
    await upstream.waitForRequests(500);
    socket.destroy();
    // Until the gateway has noticed the end.
    let count = 0;
    while (count !== upstream.requests.length) {
      count = upstream.requests.length;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  });

  it('R67: another protocol than HTTP is refused behind requests of HTTP as well, and whatever stands in a body', async () => {
    for (const line of [
      'GET /other RTSP/1.0',
      'GET /other RTSP/1.1',
      'SOURCE /other ICE/1.0',
      'SETUP /other RTSP/1.0',
    ]) {
      for (const before of [get('/1', readOnly), post('/1', readWrite, 'GET /other HTTP/1.1\r\n')]) {
        upstream.clear();
        const other = `${line}\r\nHost: x\r\n${bearer(readWrite).join(': ')}\r\n\r\n`;
        const pipelined = await send(before + other, { answers: 2, closeWaitMs: 300 });
        expect(statuses(pipelined), line).toEqual([200, 400]);
        expect(upstream.requests.map(({ target }) => target)).toEqual(['/1']);
        const later = await send([before, other], { pauseMs: 100, answers: 2, closeWaitMs: 300 });
        expect(statuses(later)).toEqual([200, 400]);
      }
    }
    // The same lines again do not make it HTTP.
    const again = `GET /other RTSP/1.1\r\nHost: x\r\n\r\n`;
    upstream.clear();
    expect(statuses(await send(again + again, { closeWaitMs: 300 }))).not.toContain(200);
    expect(upstream.bytesReceived).toBe(0);
    // What only looks like such a line is not one.
    const body = await send(post('/x', readWrite, 'GET / RTSP/1.0\r\n'));
    expect(body.status).toBe(200);
  });

  it.each(['RTSP/1.0', 'ICE/1.0', 'HTTP/0.9', 'HTTP/2.0', 'http/1.1', 'HTTP/1.2', 'HTTPS/1.1'])(
    'R67: %s is no protocol of ours at the paths of the server itself',
    async (protocol) => {
      for (const path of ['/health/live', '/docs', '/api/v1/me', '/nowhere']) {
        for (const method of ['GET', 'OPTIONS', 'SOURCE', 'DESCRIBE']) {
          const answer = await send(`${method} ${path} ${protocol}\r\nHost: y\r\n\r\n`);
          expect([400, 505], `${method} ${path}`).toContain(answer.status);
          expect(answer.json<{ code: string }>().code).toBe('request_malformed');
        }
      }
    },
  );

  it('R03: a request inside a refused body is no request', async () => {
    const smuggled = get('/smuggled', readWrite);
    const answer = await send(post('/x', readOnly, smuggled) + get('/after', readOnly), {
      answers: 2,
      closeWaitMs: 300,
    });
    expect(statuses(answer)).toEqual([403, 200]);
    expect(upstream.requests.map(({ target }) => target)).toEqual(['/after']);
  });

  it('R03: a request inside a refused chunked body is no request', async () => {
    const smuggled = get('/smuggled', readWrite);
    const chunked = `POST /x HTTP/1.1\r\nHost: x\r\n${bearer(readOnly).join(': ')}\r\nTransfer-Encoding: chunked\r\n\r\n${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`;
    const answer = await send(chunked + get('/after', readOnly), { answers: 2, closeWaitMs: 300 });
    expect(statuses(answer)).toEqual([403, 200]);
    expect(upstream.requests.map(({ target }) => target)).toEqual(['/after']);
  });

  it('R67: a request inside a forwarded body stays a body', async () => {
    const smuggled = get('/smuggled', readWrite);
    for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'POST', 'PROPFIND']) {
      upstream.clear();
      const bytes = post('/x', readWrite, smuggled).replace(/^POST/, method);
      const answer = await send([bytes, get('/after', readOnly)], { answers: 2, closeWaitMs: 300 });
      expect(statuses(answer), method).toEqual([200, 200]);
      expect(upstream.requests.map(({ target, body }) => [target, body.toString()])).toEqual([
        ['/x', smuggled],
        ['/after', ''],
      ]);
    }
  });

  it('R07: what follows a CONNECT or an upgrade is not taken for the tunnel it asked for', async () => {
    const upgrade = `GET /up HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
    const answer = await send([upgrade, get('/after', readOnly)], { answers: 2, closeWaitMs: 300 });
    expect(statuses(answer)).toEqual([200, 200]);
    expect(upstream.requests.map(({ target }) => target)).toEqual(['/up', '/after']);
    upstream.clear();
    const connect = await send([`CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n`, get('/after', readOnly)]);
    expect(statuses(connect)).toEqual([405]);
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R67: rubbish behind a request is never answered in the place of that request', async () => {
    upstream.respondWith(() => ({ delayMs: 150, body: 'late' }));
    const early = await send(`${get('/1', readOnly)}rubbish\r\n\r\n`, { closeWaitMs: 10_000 });
    expect(early.closed).toBe(true);
    expect(early.status).not.toBe(400);

    // In the middle of an answer, an error's bytes would become part of its body.
    upstream.respondWith(() => ({
      body: (async function* () {
        yield 'first';
        await new Promise((resolve) => setTimeout(resolve, 200));
        yield 'second';
      })(),
    }));
    const middle = await send([get('/1', readOnly), 'rubbish\r\n\r\n'], { pauseMs: 100, closeWaitMs: 10_000 });
    expect(middle.status).toBe(200);
    expect(middle.closed).toBe(true);
    expect(middle.raw.toString()).not.toContain('request_malformed');
  });

  it('R67: the framing of a body that breaks off does not become a complete request upstream', async () => {
    const head = `POST /x HTTP/1.1\r\nHost: x\r\n${bearer(readWrite).join(': ')}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const answer = await send([head, '3\r\nabc\r\n', 'zz\r\n'], { pauseMs: 60 });
    expect([0, 400]).toContain(answer.status);
    expect(answer.closed).toBe(true);
    await upstream.waitForAborts(1);
    expect(upstream.requests).toEqual([]);
  });

  it('R07, R67: TRACE and more than a hundred lines are refused at the paths of the server itself, too', async () => {
    const server = await startScopegateFixture();
    try {
      for (const path of ['/health/live', '/docs', '/api/v1/me', '/nowhere', '/authorize/x']) {
        const trace = await sendRaw(server.port, `TRACE ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
        expect([trace.status, trace.json<{ code: string }>().code]).toEqual([405, 'method_not_allowed']);
        const lines = Array.from({ length: 100 }, (_value, index) => `X-${index}: 1\r\n`).join('');
        const many = await sendRaw(server.port, `GET ${path} HTTP/1.1\r\nHost: x\r\n${lines}\r\n`);
        expect([many.status, many.json<{ code: string }>().code]).toEqual([431, 'headers_too_large']);
      }
    } finally {
      await server.stop();
    }
  });
});
