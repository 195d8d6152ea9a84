import { ConnectionShares, type ConnectionHolder } from '@scopegate/upstream';
import { Client, Pool, type Dispatcher } from 'undici';
import { connectOptions, isSameEndpoint, type UpstreamEndpoint } from '../applications/upstream-tls.js';
import { upstreamConnector } from './upstream.connector.js';

/** Enough for a slow handshake while the client still waits. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * undici takes the name of the server in TLS from the Host line, and ends a connection for another one. The connector
 * uses the endpoint's own name.
 */
export const SAME_NAME = 'upstream';

export type UpstreamRequest = Dispatcher.DispatchOptions & { readonly servername: typeof SAME_NAME };

export interface ConnectionWaiter {
  /** Called once, with a connection; return it with `release`. */
  onTurn(): void;
}

/** Has connections or waits for one. */
export type Holder = ConnectionHolder<ConnectionWaiter>;

/** The connections to one application, and the requests that wait for one. */
export class UpstreamConnections {
  #endpoint: UpstreamEndpoint;
  readonly #options: Client.Options;
  readonly #pool: Pool;
  readonly #shares: ConnectionShares<ConnectionWaiter>;
  #isPassing = false;

  /**
   * @param endpoint such as an application
   * @param limit of connections at a time
   */
  constructor(
    endpoint: UpstreamEndpoint,
    readonly limit: number,
  ) {
    this.#endpoint = endpoint;
    this.#shares = new ConnectionShares(limit);
    this.#options = {
      pipelining: 1,
      connect: upstreamConnector({ ...connectOptions(endpoint), timeout: CONNECT_TIMEOUT_MS }),
      keepAliveTimeout: 4_000,
      // The largest head of Tomcat.
      maxHeaderSize: 65_536,
    };
    this.#pool = new Pool(endpoint.target.origin, { ...this.#options, connections: limit });
  }

  /** True if an application, perhaps changed since, is reached by these connections. */
  leadTo(endpoint: UpstreamEndpoint): boolean {
    if (endpoint === this.#endpoint) return true;
    if (!isSameEndpoint(endpoint, this.#endpoint)) return false;
    this.#endpoint = endpoint;
    return true;
  }

  dispatch(options: UpstreamRequest, handler: Dispatcher.DispatchHandler): void {
    this.#pool.dispatch(options, handler);
  }

  /** On a new connection, which ends after the answer: those of the pool may be closed, too. */
  dispatchAgain(options: UpstreamRequest, handler: Dispatcher.DispatchHandler): void {
    const client = new Client(this.#endpoint.target.origin, this.#options);
    client.dispatch(options, handler);
    void client.close();
  }

  get statistics(): Pool['stats'] {
    return this.#pool.stats;
  }

  get waiting(): number {
    return this.#shares.waiting;
  }

  /** @param key a token's id, or the client's address */
  holder(key: string): Holder {
    return this.#shares.holder(key);
  }

  /** False if none is free or another holder waits. */
  take(holder: Holder): boolean {
    return this.#shares.take(holder);
  }

  /** False if too many requests of this holder wait. */
  wait(holder: Holder, waiter: ConnectionWaiter): boolean {
    return this.#shares.wait(holder, waiter);
  }

  leave(holder: Holder, waiter: ConnectionWaiter): void {
    this.#shares.leave(holder, waiter);
    this.#passOn();
  }

  /** Counts one as an event stream. False if the holder may have no more. */
  addStream(holder: Holder): boolean {
    const isAdded = this.#shares.addStream(holder);
    this.#passOn();
    return isAdded;
  }

  release(holder: Holder, isStream: boolean): void {
    this.#shares.release(holder, isStream);
    this.#passOn();
  }

  /** Passes a connection on after undici has finished with it; earlier, undici would open another. */
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
