import type { Socket } from 'node:net';
import { createConnection, type Connection, type ConnectionOptions } from 'mysql2';
import type { TimeLimit } from '../time-limit.js';

/** A connection that was unused for longer is checked with a ping before its next use. */
const TRUSTED_MS = 250;

/** If a server sends no greeting or no answer to a ping within this time, a new connection is tried. */
const SILENCE_MS = 700;

const IDLE_MS = 60_000;

/** ER_UNKNOWN_SYSTEM_VARIABLE. */
const UNKNOWN_VARIABLE = 1193;

/** The server is read-only because another one has taken over: a new connection may lead to that one. */
const READ_ONLY: ReadonlySet<unknown> = new Set([1290, 1792, 1836]);

interface Idle {
  readonly connection: Connection;
  readonly answeredTick: number;
}

/**
 * Connections to a MySQL or MariaDB server. A socket does not show that the other end is silent. So the pool gives out
 * only connections that have just answered, and destroys one that does not answer in time.
 */
export class ConnectionPool {
  #idle: Idle[] = [];
  #isClosed = false;
  readonly #broken = new WeakSet<Connection>();
  #sweep: NodeJS.Timeout | undefined;

  /**
   * @param sessionStatements for a new connection; if the server does not know one, the next one is sent
   * @param onSilence called when an unused connection no longer answers: the others may not either
   */
  constructor(
    private readonly options: ConnectionOptions,
    private readonly sessionStatements: readonly string[],
    private readonly onSilence: () => void,
  ) {}

  /**
   * Returns a connection that answers; give it back or destroy it.
   * @throws DatabaseUnavailableError if there is none within the limit
   * @throws the driver's error if the server refuses
   */
  async take(limit: TimeLimit): Promise<Connection> {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      const { connection, answeredTick } = idle;
      socketOf(connection).ref();
      if (performance.now() - answeredTick < TRUSTED_MS || (await this.#answers(connection, limit))) return connection;
      if (limit.leftMs === 0) throw limit.overdue();
    }
    return this.#connect(limit);
  }

  giveBack(connection: Connection, error: unknown): void {
    if (this.#isClosed) this.#end(connection);
    else if (READ_ONLY.has((error as { readonly errno?: unknown } | null)?.errno)) this.destroy(connection, error);
    if (this.#isClosed || this.#broken.has(connection)) return;
    socketOf(connection).unref();
    this.#idle.push({ connection, answeredTick: performance.now() });
    this.#sweep ??= setInterval(() => this.#endUnused(), IDLE_MS / 2).unref();
  }

  /** Ends a connection at once: every answer that it still owes fails with this error. */
  destroy(connection: Connection, error: unknown): void {
    this.#broken.add(connection);
    this.#idle = this.#idle.filter((idle) => idle.connection !== connection);
    endSocket(connection, error);
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#sweep);
    for (const { connection } of this.#idle.splice(0)) this.#end(connection);
  }

  destroyIdle(): void {
    for (const { connection } of this.#idle) this.destroy(connection, null);
  }

  async #answers(connection: Connection, limit: TimeLimit): Promise<boolean> {
    if (this.#broken.has(connection)) return false;
    try {
      await this.#settles(connection, Math.min(SILENCE_MS, limit.leftMs), (done) => connection.ping(done));
      return true;
    } catch {
      this.onSilence();
      return false;
    }
  }

  async #connect(limit: TimeLimit): Promise<Connection> {
    for (;;) {
      const timeoutMs = Math.min(SILENCE_MS, limit.leftMs);
      if (timeoutMs === 0) throw limit.overdue();
      try {
        return await this.#open(timeoutMs);
      } catch (error) {
        // A refusal is an answer. Silence is not, and the next attempt may succeed.
        if ((error as { readonly code?: unknown }).code !== 'ETIMEDOUT') throw error;
      }
    }
  }

  async #open(timeoutMs: number): Promise<Connection> {
    const endTick = performance.now() + timeoutMs;
    const connection = createConnection({ ...this.options, connectTimeout: timeoutMs });
    // An error without a listener ends the process. The caller gets the error as well.
    const forget = (): void => {
      this.#broken.add(connection);
      this.#idle = this.#idle.filter((idle) => idle.connection !== connection);
    };
    connection.on('error', forget);
    connection.on('end', forget);
    await this.#settles(connection, timeoutMs, (done) => connection.connect(done));
    for (const statement of this.sessionStatements) {
      const leftMs = Math.max(1, endTick - performance.now());
      try {
        await this.#settles(connection, leftMs, (done) => connection.query(statement, done));
        break;
      } catch (error) {
        if ((error as { readonly errno?: unknown }).errno === UNKNOWN_VARIABLE) continue;
        this.destroy(connection, error);
        throw error;
      }
    }
    return connection;
  }

  #settles(
    connection: Connection,
    timeoutMs: number,
    ask: (done: (error: Error | null) => void) => void,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.destroy(connection, null);
        reject(silence(null));
      }, timeoutMs);
      ask((error) => {
        clearTimeout(timer);
        if (error === null || error === undefined) resolve();
        else reject(error);
      });
    });
  }

  #end(connection: Connection): void {
    this.#broken.add(connection);
    connection.end(() => undefined);
    // The other end may never close its half.
    setTimeout(() => this.destroy(connection, null), SILENCE_MS).unref();
  }

  #endUnused(): void {
    const oldTick = performance.now() - IDLE_MS;
    for (const { connection } of this.#idle.filter(({ answeredTick }) => answeredTick < oldTick)) {
      this.#idle = this.#idle.filter((idle) => idle.connection !== connection);
      this.#end(connection);
    }
  }
}

/** Ends the socket of a connection: every answer that it still owes fails with `ETIMEDOUT`. */
export function endSocket(connection: Connection, cause: unknown): void {
  // The driver's own destroy() waits for the other end, which is silent.
  socketOf(connection).destroy(silence(cause));
}

function socketOf(connection: Connection): Socket {
  return (connection as unknown as { readonly stream: Socket }).stream;
}

function silence(cause: unknown): Error {
  const error = new Error('The database has not answered in time. The connection is closed.', { cause });
  return Object.assign(error, { code: 'ETIMEDOUT' });
}
