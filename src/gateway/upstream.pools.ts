import { Injectable } from '@nestjs/common';
import type { ProtectedApplication } from '../applications/application.js';
import { UpstreamConnections } from './upstream.connections.js';

/** Separate for each application, even with the same upstream, so that none takes connections from another. */
@Injectable()
export class UpstreamPools {
  readonly #byKey = new Map<string, UpstreamConnections>();

  /** After a change, open requests keep their old connections. */
  of(application: ProtectedApplication): UpstreamConnections {
    const { connections } = application.options;
    const known = this.#byKey.get(application.key);
    if (known !== undefined && known.limit === connections && known.leadTo(application)) return known;
    const made = new UpstreamConnections(application, connections);
    this.#byKey.set(application.key, made);
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
