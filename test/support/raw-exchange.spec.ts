import { request as nodeRequest } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request, requestBytes, sendRaw } from './raw-client.js';
import { startRecordingUpstream, type RecordingUpstream } from './recording-upstream.js';

describe('raw client and recording upstream', () => {
  let upstream: RecordingUpstream;
  beforeAll(async () => {
    upstream = await startRecordingUpstream();
  });
  beforeEach(() => upstream.clear());
  afterAll(() => upstream.stop());

  it('support: the upstream records exactly the bytes that the client sent', async () => {
    const content = {
      port: upstream.port,
      method: 'PROPFIND',
      target: '/a\\..\\b//%2e%2E/;x=1?p=100%&q=\u00e9 y',
      headers: [
        ['hOsT', 'x'],
        ['X-A', 'first'],
        ['x-a', 'second \u00e9'],
        ['X-Empty', ''],
      ],
      body: Buffer.from([0, 1, 2, 255, 13, 10, 13, 10]),
    } as const;
    const answer = await request(content);
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({ upstream: 'ok' });
    const [recorded] = upstream.requests;
    expect(recorded?.method).toBe('PROPFIND');
    expect(recorded?.target).toBe(content.target);
    expect(recorded?.headerLines).toEqual([...content.headers, ['Content-Length', '8']]);
    expect(recorded?.headerValues('X-a')).toEqual(['first', 'second \u00e9']);
    expect(recorded?.body).toEqual(content.body);
    expect(recorded?.raw).toEqual(requestBytes(content));
    expect(upstream.bytesReceived).toBe(requestBytes(content).length);
  });

  it('support: both read any body in any chunks and any pieces', async () => {
    const chunk = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes));
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { maxLength: 5 }), fc.nat(200), async (chunks, cut) => {
        upstream.clear();
        upstream.respondWith(({ body }) => ({
          body: (async function* () {
            for (let index = 0; index < body.length; index += 7) {
              yield body.subarray(index, index + 7);
            }
          })(),
        }));
        const framed = chunks.map((piece) =>
          Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]),
        );
        const bytes = Buffer.concat([
          Buffer.from('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'),
          ...framed,
          Buffer.from('0\r\nX-Trailer: t\r\n\r\n'),
        ]);
        const answer = await sendRaw(upstream.port, [bytes.subarray(0, cut), bytes.subarray(cut)], {
          pauseMs: 1,
          closeWaitMs: 0,
        });
        expect(answer.body).toEqual(Buffer.concat(chunks));
        expect(upstream.lastRequest?.raw).toEqual(bytes);
        expect(upstream.lastRequest?.trailers).toEqual([['X-Trailer', 't']]);
      }),
      { numRuns: 30 },
    );
  });

  it('support: repeated lines, a status text and trailers of an answer arrive as they were given', async () => {
    upstream.respondWith(() => ({
      status: 207,
      statusText: 'Multi Status',
      headers: [
        ['Set-Cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ],
      body: 'x',
      trailers: [['X-Late', 'yes']],
    }));
    const answer = await request({ port: upstream.port, target: '/' });
    expect([answer.status, answer.statusText, answer.text()]).toEqual([207, 'Multi Status', 'x']);
    expect(answer.headerValues('Set-Cookie')).toEqual(['a=1', 'b=2']);
    expect(answer.trailers).toEqual([['X-Late', 'yes']]);
    expect(answer.closed).toBe(false);
  });

  it('support: an answer to HEAD, a 204 and a 304 end with their heads', async () => {
    for (const [method, status] of [
      ['HEAD', 200],
      ['GET', 204],
      ['GET', 304],
    ] as const) {
      upstream.respondWith(() => ({ status, headers: [['ETag', '"1"']], body: 'never sent' }));
      const answer = await request({ port: upstream.port, method, target: '/' });
      expect([answer.status, answer.complete, answer.body.length, answer.rest.length]).toEqual([status, true, 0, 0]);
    }
  });

  it('support: several requests on one connection are answered in their order', async () => {
    upstream.respondWith(({ target }) => ({ body: target, delayMs: target === '/1' ? 30 : 0 }));
    const one = requestBytes({ port: upstream.port, target: '/1' });
    const two = requestBytes({ port: upstream.port, target: '/2' });
    const answer = await sendRaw(upstream.port, Buffer.concat([one, two]), { answers: 2 });
    expect(answer.text()).toBe('/1');
    expect(answer.rest.toString('latin1')).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n\/2$/);
    expect(upstream.requests.map(({ target, connection }) => [target, connection])).toEqual([
      ['/1', upstream.connectionsOpened],
      ['/2', upstream.connectionsOpened],
    ]);
  });

  it('support: a body that waits for 100 Continue is sent after it', async () => {
    const head = 'POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n';
    const answer = await sendRaw(upstream.port, head, { afterContinue: 'abc' });
    expect(answer.interim.map(({ status }) => status)).toEqual([100]);
    expect(answer.status).toBe(200);
    expect(upstream.lastRequest?.body.toString()).toBe('abc');
  });

  it('support: tells hanging, reset and broken-off answers apart', async () => {
    upstream.respondWith(() => ({ hang: true }));
    const hanging = await request({ port: upstream.port, target: '/' }, { timeoutMs: 100 });
    expect([hanging.status, hanging.timedOut, hanging.closed]).toEqual([0, true, false]);
    await upstream.waitForAborts(1);

    upstream.respondWith(() => ({ destroy: true }));
    const reset = await request({ port: upstream.port, target: '/' });
    expect([reset.status, reset.timedOut, reset.closed]).toEqual([0, false, true]);

    upstream.respondWith(() => ({ body: 'abcdef', destroyAfterBytes: 3 }));
    const broken = await request({ port: upstream.port, target: '/' });
    expect([broken.status, broken.complete, broken.closed, broken.text()]).toEqual([200, false, true, 'abc']);
    expect(upstream.connectionsAborted).toBe(1);
  });

  it('support: a client that leaves inside its request counts as aborted, and its request does not count', async () => {
    const part = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc';
    await sendRaw(upstream.port, part, { timeoutMs: 50 });
    await upstream.waitForAborts(1);
    expect(upstream.requests).toEqual([]);
    expect(upstream.bytesReceived).toBe(part.length);
  });

  it('support: an answer without a length lasts until the end of the connection', async () => {
    upstream.respondWith(() => ({ raw: 'HTTP/1.1 200 OK\r\n\r\nto the end', close: true }));
    const answer = await request({ port: upstream.port, target: '/' });
    expect([answer.text(), answer.complete, answer.closed]).toEqual(['to the end', true, true]);
  });

  it('support: of a body beyond the limit the digest and the length are of the whole', async () => {
    const small = await startRecordingUpstream({ bodyLimitBytes: 10 });
    try {
      await request({ port: small.port, method: 'PUT', target: '/', body: Buffer.alloc(3_000_000, 'a') });
      const recorded = small.lastRequest;
      expect([recorded?.body.length, recorded?.bodyLength]).toEqual([10, 3_000_000]);
      expect(recorded?.bodySha256).toMatch(/^[0-9a-f]{64}$/);
    } finally {
      await small.stop();
    }
  });

  it("support: Node's own client finds the upstream an ordinary server", async () => {
    const body = await new Promise<string>((resolve, reject) => {
      nodeRequest(upstream.url, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => resolve(text));
      })
        .once('error', reject)
        .end();
    });
    expect(body).toBe('{"upstream":"ok"}');
  });
});
