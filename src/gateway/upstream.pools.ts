import { Injectable } from '@nestjs/common';
import type { ProtectedApplication } from '../applications/application.js';
import { UpstreamConnections } from './upstream.connections.js';

/** Separate for each application, even with the same upstream, so that none takes connections from another. */
@Injectable()
export class UpstreamPools {
  readonly #byKey = new Map<string, UpstreamConnections>();

  /** After a change, open requests keep their old connections. */
  of({ key, target, options: { connections } }: ProtectedApplication): UpstreamConnections {
    const known = this.#byKey.get(key);
    if (known !== undefined && known.origin === target.origin && known.limit === connections) return known;
    const made = new UpstreamConnections(target.origin, connections);
    this.#byKey.set(key, made);
    return made;
  }

  /** Null if there have been none. */
  byKey(key: string): UpstreamConnections | null {
    return this.#byKey.get(key) ?? null;
  }

  /** Also ends open requests on them. */
  async close(): Promise<void> {
    await Promise.all([...this.#byKey.values()].map((connections) => connections.destroy()));
  }
}
