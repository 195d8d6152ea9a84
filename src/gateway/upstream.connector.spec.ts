import { randomBytes } from 'node:crypto';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { failureMessage, failureOf } from '@scopegate/upstream';
import { Pool, type Dispatcher } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { upstreamConnector } from './upstream.connector.js';

const MEBIBYTE = 1_048_576;

/** TLS by a shared key, for want of a certificate. */
const KEY = { psk: Buffer.alloc(32, 7), identity: 'upstream' };
const BY_KEY = { ciphers: 'PSK', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;

const stops: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

type Protocol = 'http' | 'https';

/** A pool of connections to an upstream that the test controls. */
async function poolTo(protocol: Protocol, serve: (socket: Socket) => void): Promise<Pool> {
  const sockets = new Set<Socket>();
  const take = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve(socket);
  };
  const server: Server =
    protocol === 'http' ? createTcpServer(take) : createTlsServer({ ...BY_KEY, pskCallback: () => KEY.psk }, take);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const keyed = { ...BY_KEY, pskCallback: () => KEY, checkServerIdentity: () => undefined };
  const pool = new Pool(`${protocol}://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    pipelining: 1,
    connect: upstreamConnector(protocol === 'http' ? { timeout: 5_000 } : { timeout: 5_000, ...keyed }),
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  stops.push(async () => {
    await pool.destroy();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return pool;
}

interface Answer {
  readonly body: Buffer;
  readonly error: Error | null;
}

/** How long to pause after the head, and after each part of the body; null for not at all. */
interface Pauses {
  readonly headMs: number | null;
  readonly partMs: number | null;
}

/** Reads an answer with pauses. */
class PausingReader implements Dispatcher.DispatchHandler {
  readonly #parts: Buffer[] = [];
  #resume = (): void => undefined;

  constructor(
    private readonly pauses: Pauses,
    private readonly onAnswered: (answer: Answer) => void,
  ) {}

  onConnect(): void {
    // It is not ended from here.
  }

  onHeaders(_status: number, _lines: Buffer[], resume: () => void): boolean {
    this.#resume = resume;
    return this.#pause(this.pauses.headMs);
  }

  onData(part: Buffer): boolean {
    // undici tells of an empty one when it goes on.
    if (part.length === 0) return true;
    this.#parts.push(part);
    return this.#pause(this.pauses.partMs);
  }

  onComplete(): void {
    this.onAnswered({ body: Buffer.concat(this.#parts), error: null });
  }

  onError(error: Error): void {
    this.onAnswered({ body: Buffer.concat(this.#parts), error });
  }

  #pause(milliseconds: number | null): boolean {
    if (milliseconds === null) return true;
    setTimeout(() => this.#resume(), milliseconds);
    return false;
  }
}

function ask(pool: Pool, pauses: Pauses): Promise<Answer> {
  return new Promise((resolve) => pool.dispatch({ path: '/', method: 'GET' }, new PausingReader(pauses, resolve)));
}

const AT_ONCE = { headMs: null, partMs: null };

describe.each(['http', 'https'] as const)('the connections to an upstream (%s)', (protocol) => {
  it('R02: an answer arrives byte for byte while others are served', async () => {
    const bodies = Array.from({ length: 8 }, () => randomBytes(3 * MEBIBYTE + 17));
    let served = 0;
    const pool = await poolTo(protocol, (socket) => {
      const body = bodies[served++ % bodies.length] as Buffer;
      socket.once('data', () => socket.write(Buffer.concat([Buffer.from(headOf(body.length)), body])));
    });
    const answers = await Promise.all(bodies.map(() => ask(pool, AT_ONCE)));
    expect(answers.map(({ error }) => error)).toEqual(bodies.map(() => null));
    const sorted = (all: readonly Buffer[]): Buffer[] => [...all].sort((one, other) => Buffer.compare(one, other));
    expect(Buffer.concat(sorted(answers.map(({ body }) => body))).equals(Buffer.concat(sorted(bodies)))).toBe(true);
  });

  it('R02: a connection is used again, and an answer that comes in the smallest parts is one', async () => {
    let connections = 0;
    const pool = await poolTo(protocol, (socket) => {
      connections += 1;
      socket.on('data', () => {
        void (async () => {
          for (const byte of Buffer.from(`${headOf(3)}abc`)) {
            socket.write(Buffer.of(byte));
            await wait(1);
          }
        })();
      });
    });
    for (let index = 0; index < 3; index += 1) {
      expect(await ask(pool, AT_ONCE)).toEqual({ body: Buffer.from('abc'), error: null });
      // undici uses it again in the next turn.
      await wait(10);
    }
    expect(connections).toBe(1);
  });

  it.each([
    ['with a length', (body: Buffer) => Buffer.concat([Buffer.from(headOf(body.length)), body])],
    ['up to the end of the connection', (body: Buffer) => Buffer.concat([Buffer.from(UNFRAMED), body])],
  ])('R02: an answer %s that is read with pauses arrives byte for byte', async (_name, answerOf) => {
    const body = randomBytes(MEBIBYTE);
    const pool = await poolTo(protocol, (socket) => socket.once('data', () => socket.end(answerOf(body))));
    const answer = await ask(pool, { headMs: 20, partMs: 3 });
    expect(answer.error).toBeNull();
    expect(answer.body.equals(body)).toBe(true);
  });

  it('R02: an upstream is not read while its answer waits', async () => {
    let isTaken = true;
    let sent = 0;
    const piece = Buffer.alloc(MEBIBYTE);
    const pool = await poolTo(protocol, (socket) =>
      socket.once('data', () => {
        socket.write(headOf(200 * MEBIBYTE));
        while (isTaken && sent < 200) {
          isTaken = socket.write(piece);
          sent += 1;
        }
        socket.on('drain', () => {
          socket.write(piece);
          sent += 1;
        });
      }),
    );
    const asked = ask(pool, { headMs: 60_000, partMs: null });
    for (let before = -1; before !== sent; await wait(300)) before = sent;
    expect(sent).toBeLessThan(50);
    await pool.destroy();
    expect((await asked).error).not.toBeNull();
  });

  // undici ended the process: "AssertionError: assert(!this.paused)".
  it.each([
    ['after a part of the body', { headMs: null, partMs: 300 }, 'abc'],
    ['after the head', { headMs: 300, partMs: null }, ''],
  ])('bug: an upstream may close its connection while its answer waits %s', async (_name, pauses, body) => {
    const pool = await poolTo(protocol, (socket) =>
      socket.once('data', () => {
        socket.write(UNFRAMED);
        setTimeout(() => (body === '' ? socket.end() : socket.write(body)), 50);
        if (body !== '') setTimeout(() => socket.end(), 150);
      }),
    );
    expect(await ask(pool, pauses)).toEqual({ body: Buffer.from(body), error: null });
  });

  it('bug: an answer that is cut off while it waits is a failure, and no end of the process', async () => {
    const pool = await poolTo(protocol, (socket) =>
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\n`);
        setTimeout(() => socket.write('abc'), 50);
        setTimeout(() => socket.end(), 150);
      }),
    );
    const { body, error } = await ask(pool, { headMs: null, partMs: 300 });
    expect(body.toString()).toBe('abc');
    expect(error).toBeInstanceOf(Error);
  });

  it('R55: a connection that breaks is a failure', async () => {
    const pool = await poolTo(protocol, (socket) =>
      socket.once('data', () => {
        socket.write(`${headOf(10)}abc`);
        setTimeout(() => socket.destroy(), 50);
      }),
    );
    expect((await ask(pool, AT_ONCE)).error).toBeInstanceOf(Error);
  });
});

describe('a name with two addresses', () => {
  const addresses = [
    { address: '::1', family: 6 },
    { address: '127.0.0.1', family: 4 },
  ];
  const connector = upstreamConnector({
    timeout: 5_000,
    autoSelectFamily: true,
    lookup: (_name, _options, callback) => callback(null, addresses),
  });

  it('R01: is reached at the second one if the first is dead', async () => {
    const server = createTcpServer((socket) => socket.once('data', () => socket.end(`${headOf(2)}ok`)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stops.push(() => new Promise((resolve) => server.close(resolve)));
    const pool = new Pool(`http://app.example:${(server.address() as AddressInfo).port}`, { connect: connector });
    stops.unshift(() => pool.destroy());
    expect((await ask(pool, AT_ONCE)).body.toString()).toBe('ok');
  });

  it('R126: that are both dead fails with the error of each', async () => {
    const pool = new Pool(`http://app.example:9`, { connect: connector });
    stops.push(() => pool.destroy());
    const { error } = await ask(pool, AT_ONCE);
    expect(failureOf(error)).toBe('connection-refused');
    expect(failureMessage(error)).toMatch(/::1.*127\.0\.0\.1/);
  });
});

const UNFRAMED = 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n';

function headOf(length: number): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`;
}
