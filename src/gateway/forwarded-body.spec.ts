import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Exchange } from '../common/access/exchange.js';
import { bodyOf, isBodyArriving } from './forwarded-body.js';

const LENGTH = 'Content-Length: 4\r\n\r\n';
const CHUNKS = 'Transfer-Encoding: chunked\r\n\r\n';

interface Seen {
  readonly isArriving: boolean;
  readonly body: Readable | Buffer | null;
}

let server: Server;
let seen: Promise<Seen>;

beforeEach(async () => {
  server = createServer();
  seen = new Promise((resolve) => {
    server.once('request', (request, response) => {
      const exchange = new Exchange(request, response, 'id', null, '/', null, false);
      const isArriving = isBodyArriving(exchange);
      process.nextTick(() => resolve({ isArriving, body: bodyOf(exchange, 1_000) }));
      request.once('end', () => response.end());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Sends pieces as packets of their own, and tells what the body is taken for once the head has been judged. */
async function send(line: string, ...pieces: readonly string[]): Promise<Seen> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const [first = '', ...later] = pieces;
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\n${line}${first}`);
  const found = await seen;
  for (const piece of later) socket.write(piece);
  return found;
}

describe('the body that is sent upstream', () => {
  it('R02: is one part where it came with its head', async () => {
    expect(await send(LENGTH, 'abcd')).toEqual({ isArriving: true, body: Buffer.from('abcd') });
  });

  it.each([
    ['comes behind its head', true, [LENGTH, '', 'abcd']],
    ['comes with its head in part', true, [LENGTH, 'ab', 'cd']],
    ['comes in chunks', false, [CHUNKS, '4\r\nabcd\r\n0\r\n\r\n']],
  ] as const)('R02: is a stream where it %s', async (_way, arriving, [line, ...pieces]) => {
    const { isArriving, body } = await send(line, ...pieces);
    expect(isArriving).toBe(arriving);
    expect(body).not.toBeInstanceOf(Buffer);
    expect((await buffer(body as Readable)).toString()).toBe('abcd');
  });

  it.each(['\r\n', 'Content-Length: 0\r\n\r\n'])('R02: is none behind the head %j', async (line) => {
    expect(await send(line)).toEqual({ isArriving: false, body: null });
  });
});
