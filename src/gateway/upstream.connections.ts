import { ConnectionShares, type ConnectionHolder } from '@scopegate/upstream';
import { Pool, type Dispatcher } from 'undici';
import { upstreamConnector } from './upstream.connector.js';

/** Long enough for a slow handshake, short enough that a client still waits for the answer. */
const CONNECT_TIMEOUT_MS = 10_000;

/** A request that waits for a connection. */
export interface ConnectionWaiter {
  /** Called once, when it has a connection; it gives it back with `release`. */
  onTurn(): void;
}

/** A holder of connections, or of requests that wait for one. */
export type Holder = ConnectionHolder<ConnectionWaiter>;

/** The connections to the upstream of one application, and the requests that wait for one. */
export class UpstreamConnections {
  readonly #pool: Pool;
  readonly #shares: ConnectionShares<ConnectionWaiter>;
  #isPassing = false;

  /**
   * @param origin such as `http://127.0.0.1:8080`
   * @param limit the most connections at a time
   */
  constructor(
    readonly origin: string,
    readonly limit: number,
  ) {
    this.#shares = new ConnectionShares(limit);
    this.#pool = new Pool(origin, {
      connections: limit,
      pipelining: 1,
      connect: upstreamConnector({ timeout: CONNECT_TIMEOUT_MS, autoSelectFamily: true }),
      keepAliveTimeout: 4_000,
      // As large as the largest head that Tomcat sends.
      maxHeaderSize: 65_536,
    });
  }

  get dispatcher(): Dispatcher {
    return this.#pool;
  }

  get statistics(): Pool['stats'] {
    return this.#pool.stats;
  }

  /** How many requests wait for a connection. */
  get waiting(): number {
    return this.#shares.waiting;
  }

  /** @param key a token's id, or the client's address where there is no token */
  holder(key: string): Holder {
    return this.#shares.holder(key);
  }

  /** Takes a connection if one is free and no other holder waits. @returns whether it was taken */
  take(holder: Holder): boolean {
    return this.#shares.take(holder);
  }

  /** Waits for a connection. @returns false if too many requests of this holder wait already */
  wait(holder: Holder, waiter: ConnectionWaiter): boolean {
    return this.#shares.wait(holder, waiter);
  }

  leave(holder: Holder, waiter: ConnectionWaiter): void {
    this.#shares.leave(holder, waiter);
    this.#passOn();
  }

  /** Counts a connection of the holder as one of an event stream. @returns false if it may have no more of those */
  addStream(holder: Holder): boolean {
    const isAdded = this.#shares.addStream(holder);
    this.#passOn();
    return isAdded;
  }

  release(holder: Holder, isStream: boolean): void {
    this.#shares.release(holder, isStream);
    this.#passOn();
  }

  /**
   * Waiting requests get their turn when undici has finished with the connection that was given back. Before that, it
   * would open another one.
   */
  #passOn(): void {
    if (this.#isPassing || !this.#shares.isTurnDue) return;
    this.#isPassing = true;
    queueMicrotask(() => setImmediate(() => this.#giveTurns()));
  }

  #giveTurns(): void {
    this.#isPassing = false;
    for (let waiter = this.#shares.next(); waiter !== null; waiter = this.#shares.next()) waiter.onTurn();
  }

  destroy(): Promise<void> {
    return this.#pool.destroy();
  }
}
