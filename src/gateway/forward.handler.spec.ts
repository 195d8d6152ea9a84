import { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, Socket, type AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { LineDecoder } from '@scopegate/upstream';
import { errors, Pool } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Exchange } from '../common/access/exchange.js';
import { ForwardHandler } from './forward.handler.js';
import { UpstreamWatch } from './upstream.watch.js';

const HEAD_TIMEOUT_MS = 500;

/** An upstream that accepts connections and reads nothing. */
const deaf = createServer({ pauseOnConnect: true }, (socket) => {
  sockets.add(socket);
  socket.on('error', () => undefined);
});
const sockets = new Set<Socket>();
const watch = new UpstreamWatch();
let pool: Pool;

beforeAll(async () => {
  await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
  const { port } = deaf.address() as AddressInfo;
  pool = new Pool(`http://127.0.0.1:${port}`, { headersTimeout: 0, bodyTimeout: 0 });
});

afterAll(async () => {
  watch.onApplicationShutdown();
  await pool.destroy();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => deaf.close(resolve));
});

/** Sends a body upstream, and tells what became of it: the failure, or null after a while without one. */
async function failureOf(send: (body: PassThrough) => Promise<void>, forMs: number): Promise<unknown> {
  const body = new PassThrough({ readableObjectMode: true, readableHighWaterMark: 4 });
  body.on('error', () => undefined);
  const request = new IncomingMessage(new Socket());
  const exchange = new Exchange(request, new ServerResponse(request), 'request-1', null, '/', null, false);
  let failure: unknown = null;
  const handler = new ForwardHandler(
    exchange,
    {
      decoder: new LineDecoder(),
      dropSetCookie: false,
      sentBody: body,
      headTimeoutMs: HEAD_TIMEOUT_MS,
      stallTimeoutMs: 60_000,
      bindCookies: null,
    },
    { onHead: () => undefined, onGone: () => undefined, onFailure: (_exchange, error) => (failure = error) },
    watch,
  );
  pool.dispatch({ path: '/', method: 'PUT', body }, handler);
  await send(body);
  for (let waited = 0; failure === null && waited < forMs; waited += 20) await wait(20);
  body.destroy();
  return failure;
}

describe('an upload', () => {
  it('R55: of which the last part waits in the connection to an upstream that reads nothing ends in time', async () => {
    const failure = await failureOf(async (body) => {
      // Until the system takes nothing more, and undici pauses the body with nothing left in it.
      while (!body.isPaused() || body.readableLength > 0) {
        body.write(Buffer.alloc(65_536));
        await wait(5);
      }
      body.end();
    }, 4 * HEAD_TIMEOUT_MS);
    expect(failure).toBeInstanceOf(errors.HeadersTimeoutError);
  });

  it('R55: that the client does not go on with is not ended for the upstream’s sake', async () => {
    const failure = await failureOf((body) => {
      body.write(Buffer.alloc(100));
      return Promise.resolve();
    }, 3 * HEAD_TIMEOUT_MS);
    expect(failure).toBeNull();
  });
});
