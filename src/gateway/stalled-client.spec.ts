import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { watchForStall } from './stalled-client.js';

const TIMEOUT_MS = 80;

describe('a client that stalls', () => {
  let stop = (): void => undefined;
  afterEach(() => stop());

  /** Opens a connection, sends the bytes and tells after how long it was ended; null where it is still open. */
  async function endedAfter(
    bytes: string,
    handle: (request: IncomingMessage, response: ServerResponse) => void,
    limitMs = 30_000,
  ): Promise<number | null> {
    const server = createServer(handle);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const socket: Socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    stop = () => {
      socket.destroy();
      server.close();
    };
    socket.on('error', () => undefined);
    socket.resume();
    const startedAt = performance.now();
    socket.write(bytes);
    return new Promise((resolve) => {
      const limit = setTimeout(() => resolve(null), limitMs);
      socket.once('close', () => {
        clearTimeout(limit);
        resolve(performance.now() - startedAt);
      });
    });
  }

  const UPLOAD = 'PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf';

  it('R02: in the middle of its body is cut off', async () => {
    const after = await endedAfter(UPLOAD, (request) => {
      watchForStall(request.socket, TIMEOUT_MS);
      request.resume();
    });
    expect(after).toBeGreaterThanOrEqual(TIMEOUT_MS - 10);
  });

  it('R02: is not cut off while it is the upstream that is waited for', async () => {
    const handle = (request: IncomingMessage): void => {
      watchForStall(request.socket, TIMEOUT_MS)();
      request.resume();
    };
    const after = await endedAfter(UPLOAD, handle, TIMEOUT_MS * 6);
    expect(after).toBeNull();
  });
});
