import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holdToDeadline } from './body-deadline.js';

describe('a body that is read as a whole', () => {
  let server: Server;
  let port = 0;

  beforeEach(async () => {
    server = createServer((request, response) => {
      holdToDeadline(request, 300);
      request.on('error', () => undefined).resume();
      request.once('end', () => setTimeout(() => response.end('done'), 500));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  /** Sends the pieces a tenth of a second apart, and answers what came until the connection ended or was idle. */
  function send(...pieces: readonly string[]): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      let received = '';
      const trickle = setInterval(() => {
        const piece = pieces[(sent += 1)];
        if (piece !== undefined && socket.writable) socket.write(piece);
      }, 100);
      let sent = 0;
      socket.on('data', (chunk) => (received += chunk.toString('latin1')));
      socket.on('error', () => undefined);
      socket.setTimeout(2_000, () => socket.destroy());
      socket.once('close', () => {
        clearInterval(trickle);
        resolve(received);
      });
      socket.write(pieces[0] ?? '');
    });
  }

  it('R67: that trickles in without an end is a 408, and its connection is closed', async () => {
    const trickle = Array.from({ length: 19 }, () => 'x');
    const answer = await send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n', ...trickle);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"request_timeout"');
  });

  it.each([
    ['POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\na', 'b'],
    ['GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', ''],
  ])('R67: that has arrived in time is answered in the time that takes: %j', async (...pieces) => {
    expect(await send(...pieces)).toMatch(/^HTTP\/1\.1 200 /);
  });
});
