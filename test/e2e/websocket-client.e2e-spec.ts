import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect } from 'vitest';
import { certificateMaker } from '../support/certificates.js';
import { gatewayTest } from '../support/gateway-test.js';
import { isNginxAvailable, startUpgradingNginx } from '../support/nginx.upstream.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';
import { WebSocket, WebSocketServer } from '../support/web-socket.js';

/** A server of WebSockets that sends back what it gets, after a message about the request. */
async function serveChat(server: Server): Promise<{ readonly port: number; stop(): void }> {
  const sockets = new WebSocketServer({ server, handleProtocols: () => 'chat.v2' });
  sockets.on('connection', (socket, request) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.send(JSON.stringify([request.url, request.headers['x-forwarded-user'], request.headers['authorization']]));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = (): void => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, stop };
}

const it = gatewayTest
  .extend('chat', { scope: 'file' }, async ({ gateway: _gateway }, { onCleanup }) => {
    const chat = await serveChat(createServer((_request, response) => response.writeHead(426).end()));
    onCleanup(() => chat.stop());
    return chat.port;
  })
  .extend(
    'open',
    ({ gateway, chat }) =>
      async (secret: string, application: Readonly<Record<string, unknown>> = {}) => {
        const mount = `/chat-${randomBytes(4).toString('hex')}`;
        const upstream = `http://127.0.0.1:${chat}/chat`;
        await gateway.createApplication({ kind: 'generic', mount: { pathPrefix: mount }, upstream, ...application });
        const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}${mount}/stream?room=1`, ['chat.v2'], {
          headers: { Authorization: `Bearer ${secret}` },
        });
        const messages: string[] = [];
        socket.on('message', (data) => messages.push(data.toString('latin1')));
        return { socket, messages };
      },
  );

/** Opens, sends a short and a long message, and closes as the protocol says. */
async function converse({ socket, messages }: { socket: WebSocket; messages: string[] }): Promise<void> {
  await once(socket, 'open');
  expect(socket.protocol).toBe('chat.v2');
  await expect.poll(() => messages[0]).toBe('["/chat/stream?room=1","admin",null]');
  socket.send('hello');
  await expect.poll(() => messages[1]).toBe('hello');
  const long = randomBytes(3_000_000);
  socket.send(long);
  await expect.poll(() => messages[2]?.length).toBe(long.length);
  expect(messages[2]).toBe(long.toString('latin1'));
  socket.close(4_000, 'done');
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  expect([code, reason.toString()]).toEqual([4_000, 'done']);
}

describe('ws', () => {
  it('R116: talks to its server, as the owner of the token', async ({ gateway, open }) => {
    const token = await gateway.createToken({ scope: 'read-write' });
    await converse(await open(token.secret));
  });

  it.runIf(isNginxAvailable())(
    'R116: talks to its server behind nginx',
    async ({ gateway, open, chat, onTestFinished }) => {
      const nginx = await startUpgradingNginx(chat);
      onTestFinished(() => nginx.stop());
      const token = await gateway.createToken({ scope: 'read-write' });
      await converse(await open(token.secret, { upstream: `http://127.0.0.1:${nginx.port}/chat` }));
    },
  );

  it('R116: talks to its server over TLS', async ({ gateway, open, onTestFinished }) => {
    const folder = createTemporaryFolder('chat-tls');
    onTestFinished(() => folder.remove());
    const maker = certificateMaker(folder.path);
    const authority = maker.authority('chat');
    const chat = await serveChat(createTlsServer(maker.certificate(authority, 'IP:127.0.0.1')));
    onTestFinished(() => chat.stop());
    const token = await gateway.createToken({ scope: 'read-write' });
    await converse(
      await open(token.secret, { upstream: `https://127.0.0.1:${chat.port}/chat`, tls: { ca: authority.cert } }),
    );
  });

  it('R116: gets the refusal of a read-only token as its status', async ({ gateway, open }) => {
    const token = await gateway.createToken({ scope: 'read-only' });
    const { socket } = await open(token.secret);
    socket.on('error', () => undefined);
    const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
    expect(answer.statusCode).toBe(403);
    socket.terminate();
  });

  it('R116: is closed when its token is revoked', async ({ gateway, open }) => {
    const token = await gateway.createToken({ scope: 'read-write' });
    const { socket } = await open(token.secret);
    await once(socket, 'open');
    await gateway.revokeToken(token.id);
    const [code] = (await once(socket, 'close')) as [number];
    // Without a message of the protocol: the gateway does not speak it.
    expect(code).toBe(1_006);
  });
});
