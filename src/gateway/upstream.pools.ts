import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { LineDecoder } from '@scopegate/upstream';
import { Pool, type Dispatcher } from 'undici';
import { upstreamConnector } from './upstream.connector.js';

/** Connections kept open to one upstream at the most. */
const MAX_CONNECTIONS = 512;

/** Long enough for a slow handshake, short enough that a client still waits for the answer. */
const CONNECT_TIMEOUT_MS = 10_000;

/** An upstream as it is spoken to. */
export interface Upstream {
  readonly connections: Dispatcher;
  /** Reads the header lines of its answers. */
  readonly decoder: LineDecoder;
}

/** The connections to the upstreams: one pool an address. */
@Injectable()
export class UpstreamPools implements OnApplicationShutdown {
  readonly #upstreams = new Map<string, Upstream & { readonly connections: Pool }>();

  /** The upstream at an address such as `http://127.0.0.1:8080`. */
  of(origin: string): Upstream {
    let upstream = this.#upstreams.get(origin);
    if (upstream === undefined) {
      const connections = new Pool(origin, {
        connections: MAX_CONNECTIONS,
        pipelining: 1,
        connect: upstreamConnector({ timeout: CONNECT_TIMEOUT_MS, autoSelectFamily: true }),
        keepAliveTimeout: 4_000,
        // An answer's head may be as large as one Tomcat sends at the most.
        maxHeaderSize: 65_536,
        // How long it is waited for is watched for all of them together.
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      upstream = { connections, decoder: new LineDecoder() };
      this.#upstreams.set(origin, upstream);
    }
    return upstream;
  }

  /** The state of the connections to an address; null where there has been none yet. */
  statisticsOf(origin: string): Pool['stats'] | null {
    return this.#upstreams.get(origin)?.connections.stats ?? null;
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.#upstreams.values()].map(({ connections }) => connections.destroy()));
  }
}
