import { Injectable } from '@nestjs/common';
import type { ProtectedApplication } from '../applications/application.js';
import { UpstreamConnections } from './upstream.connections.js';

/**
 * The connections to the upstreams: of each application its own, so that one that is overrun takes none away from
 * another, also if the two have the same upstream.
 */
@Injectable()
export class UpstreamPools {
  readonly #byKey = new Map<string, UpstreamConnections>();

  /** The connections of an application. Where its upstream or their number has changed, requests under way keep theirs. */
  of({ key, target, connections }: ProtectedApplication): UpstreamConnections {
    const known = this.#byKey.get(key);
    if (known !== undefined && known.origin === target.origin && known.limit === connections) return known;
    const made = new UpstreamConnections(target.origin, connections);
    this.#byKey.set(key, made);
    return made;
  }

  /** The connections of the application with this key; null if there have been none yet. */
  byKey(key: string): UpstreamConnections | null {
    return this.#byKey.get(key) ?? null;
  }

  /** Ends all of them, and what is under way on them. */
  async close(): Promise<void> {
    await Promise.all([...this.#byKey.values()].map((connections) => connections.destroy()));
  }
}
