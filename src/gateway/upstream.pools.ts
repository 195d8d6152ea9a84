import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Pool, type Dispatcher } from 'undici';

/** Connections kept open to one upstream at the most. */
const MAX_CONNECTIONS = 512;

/** Long enough for a slow handshake, short enough that a client still waits for the answer. */
const CONNECT_TIMEOUT_MS = 10_000;

/** The connections to the upstreams: one pool an address. */
@Injectable()
export class UpstreamPools implements OnApplicationShutdown {
  readonly #pools = new Map<string, Pool>();

  /** The connections to an address such as `http://127.0.0.1:8080`. */
  of(origin: string): Dispatcher {
    let pool = this.#pools.get(origin);
    if (pool === undefined) {
      pool = new Pool(origin, {
        connections: MAX_CONNECTIONS,
        pipelining: 1,
        connect: { timeout: CONNECT_TIMEOUT_MS },
        keepAliveTimeout: 4_000,
        // An answer's head may be as large as one Tomcat sends at the most.
        maxHeaderSize: 65_536,
        autoSelectFamily: true,
      });
      this.#pools.set(origin, pool);
    }
    return pool;
  }

  /** The state of the connections to an address; null where there has been none yet. */
  statisticsOf(origin: string): Pool['stats'] | null {
    return this.#pools.get(origin)?.stats ?? null;
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
  }
}
