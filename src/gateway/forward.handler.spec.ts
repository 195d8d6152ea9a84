import { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, Socket, type AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { RequestHead } from '@scopegate/access';
import { errors } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProtectedApplication } from '../applications/application.js';
import type { UpstreamEndpoint } from '../applications/upstream-tls.js';
import { Exchange } from '../common/access/exchange.js';
import { ForwardHandler } from './forward.handler.js';
import { IncomingBody } from './forwarded-body.js';
import { OpenRequests } from './open-requests.js';
import { SAME_NAME, UpstreamConnections } from './upstream.connections.js';

const TIMEOUT_MS = 500;

/** An upstream that accepts connections and reads nothing. */
const deaf = createServer({ pauseOnConnect: true }, (socket) => {
  sockets.add(socket);
  socket.on('error', () => undefined);
});
const sockets = new Set<Socket>();
let endpoint: UpstreamEndpoint;
let connections: UpstreamConnections;

beforeAll(async () => {
  await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
  const { port } = deaf.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  endpoint = {
    target: { origin, host: origin, basePath: '', ownPath: '/', endpoint: origin, socketPath: null },
    tls: {},
  };
  connections = new UpstreamConnections(endpoint, 4);
});

afterAll(async () => {
  await connections.destroy();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => deaf.close(resolve));
});

/** Sends a body upstream, and tells what became of it: the failure, or null after a while without one. */
async function failureOf(send: (request: IncomingMessage) => Promise<void>, forMs: number): Promise<unknown> {
  const request = new IncomingMessage(new Socket());
  const head = RequestHead.of(['Transfer-Encoding', 'chunked']);
  request.rawHeaders = [...head.lines];
  const facts = { method: 'PUT', httpVersion: '1.1', rawPath: '/', query: null, head, peer: '127.0.0.1' };
  const exchange = new Exchange(request, new ServerResponse(request), 'request-1', facts, null, true);
  const body = new IncomingBody(exchange);
  let failure: unknown = null;
  const application = {
    options: { timeoutMs: TIMEOUT_MS },
    ...endpoint,
  } as ProtectedApplication;
  const handler: ForwardHandler = new ForwardHandler(
    exchange,
    {
      application,
      connections,
      holderKey: 'client',
      judgeAgain: (onJudged) => onJudged(application),
      stallTimeoutMs: 60_000,
    },
    {
      onTurn: () =>
        connections.dispatch(
          { path: '/', method: 'PUT', body: body.stream(), headersTimeout: TIMEOUT_MS, servername: SAME_NAME },
          handler,
        ),
      refusalIn: () => null,
      onHead: () => undefined,
      onConnectionEnd: () => undefined,
      onGone: () => undefined,
      onFailure: (_exchange, error) => (failure = error),
    },
    new OpenRequests(),
  );
  handler.awaitConnection(body);
  await send(request);
  for (let waited = 0; failure === null && waited < forMs; waited += 20) await wait(20);
  request.destroy();
  return failure;
}

describe('an upload', () => {
  it('R55: of which the last part waits in the connection to an upstream that reads nothing ends in time', async () => {
    const failure = await failureOf(async (request) => {
      // Until the system takes nothing more, and undici pauses the body.
      await wait(20);
      while (!request.isPaused()) {
        request.push(Buffer.alloc(65_536));
        await wait(5);
      }
      request.push(null);
    }, 4 * TIMEOUT_MS);
    expect(failure).toBeInstanceOf(errors.HeadersTimeoutError);
  });

  it('R55: that the client does not go on with is not ended for the upstream’s sake', async () => {
    const failure = await failureOf(async (request) => {
      await wait(20);
      request.push(Buffer.alloc(100));
    }, 3 * TIMEOUT_MS);
    expect(failure).toBeNull();
  });
});
