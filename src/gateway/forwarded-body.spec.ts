import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { RequestHead, type RequestFacts } from '@scopegate/access';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Exchange } from '../common/access/exchange.js';
import { arrivedBody, IncomingBody, isBodyArriving } from './forwarded-body.js';

const LENGTH = 'Content-Length: 4\r\n\r\n';
const CHUNKS = 'Transfer-Encoding: chunked\r\n\r\n';

interface Seen {
  readonly isArriving: boolean;
  /** Undefined where it is still to come. */
  readonly body: Buffer | null | undefined;
  readonly exchange: Exchange;
}

/** A request as the door takes it. */
function factsOf({ method = '', httpVersion, rawHeaders }: IncomingMessage): RequestFacts {
  return { method, httpVersion, rawPath: '/', query: null, head: RequestHead.of(rawHeaders), peer: '127.0.0.1' };
}

let server: Server;
let seen: Promise<Seen>;
let client: Socket;

beforeEach(async () => {
  server = createServer();
  seen = new Promise((resolve) => {
    server.once('request', (request, response) => {
      const exchange = new Exchange(request, response, 'id', factsOf(request), null, false);
      const isArriving = isBodyArriving(exchange);
      process.nextTick(() => resolve({ isArriving, body: arrivedBody(exchange), exchange }));
      request.once('end', () => response.end());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  vi.useRealTimers();
  client.destroy();
  server.closeAllConnections();
  server.close();
});

/** Sends a head with what follows it in the same packet, and tells what the body is taken for once that has been judged. */
async function send(line: string, first = ''): Promise<Seen> {
  client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => undefined);
  await once(client, 'connect');
  client.write(`POST / HTTP/1.1\r\nHost: a\r\n${line}${first}`);
  return seen;
}

/** What a body is once it can be sent: the whole of it, or null where it is streamed. */
function gathered(body: IncomingBody): Promise<Buffer | null> {
  return new Promise((resolve) => body.gather(resolve, () => undefined));
}

async function textOf(stream: Readable): Promise<string> {
  return (await buffer(stream)).toString();
}

describe('the body that is sent upstream', () => {
  it('R02: is one part where it came with its head', async () => {
    expect(await send(LENGTH, 'abcd')).toMatchObject({ isArriving: true, body: Buffer.from('abcd') });
  });

  it.each(['\r\n', 'Content-Length: 0\r\n\r\n'])('R02: there is none after the head %j', async (line) => {
    expect(await send(line)).toMatchObject({ isArriving: false, body: null });
  });

  it.each([
    ['behind its head', '', 'abcd'],
    ['with its head in part', 'ab', 'cd'],
  ])('R112: is one part where it is short and comes %s', async (_way, first, later) => {
    const { isArriving, body, exchange } = await send(LENGTH, first);
    expect([isArriving, body]).toEqual([true, undefined]);
    const whole = gathered(new IncomingBody(exchange));
    client.write(later);
    expect(await whole).toEqual(Buffer.from('abcd'));
  });

  it.each([
    ['in chunks', CHUNKS, '2\r\nab\r\n', '2\r\ncd\r\n0\r\n\r\n', 'abcd'],
    ['in chunks that come with its head', CHUNKS, '4\r\nabcd\r\n0\r\n\r\n', '', 'abcd'],
    ['in no chunk at all', CHUNKS, '0\r\n\r\n', '', ''],
    ['in more than is gathered', 'Content-Length: 20000\r\n\r\n', 'b', 'b'.repeat(19_999), 'b'.repeat(20_000)],
  ])('R02: is a stream where it comes %s', async (_way, line, first, later, expected) => {
    const { body, exchange } = await send(line, first);
    expect(body).toBeUndefined();
    const incoming = new IncomingBody(exchange);
    expect(await gathered(incoming)).toBeNull();
    const text = textOf(incoming.stream());
    client.write(later);
    expect(await text).toBe(expected);
  });

  it('R112: is too slow with less than 64 bytes a second over ten seconds, at whatever time those are', async () => {
    const { exchange } = await send('Content-Length: 5000\r\n\r\n');
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    let isTooSlow = false;
    const whole = new Promise<Buffer | null>((resolve) =>
      new IncomingBody(exchange).gather(resolve, () => (isTooSlow = true)),
    );
    const isTooSlowAfterASecond = (): boolean => {
      isTooSlow = false;
      vi.advanceTimersByTime(1_000);
      return isTooSlow;
    };
    const tooSlowAt = async (pieces: readonly number[]): Promise<readonly number[]> => {
      const found: number[] = [];
      for (const [index, size] of pieces.entries()) {
        if (size > 0) {
          client.write('b'.repeat(size));
          await once(exchange.request, 'data');
        }
        if (isTooSlowAfterASecond()) found.push(index);
      }
      return found;
    };
    expect(await tooSlowAt([640, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 64, 64])).toEqual([10, 11, 12]);
    expect(await tooSlowAt([512, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 63])).toEqual([11]);
    client.write('b'.repeat(10_000));
    expect((await whole)?.length).toBe(5_000);
    expect(isTooSlowAfterASecond()).toBe(false);
  });
});
