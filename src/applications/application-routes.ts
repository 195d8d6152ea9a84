import type { Route } from '@scopegate/access';
import { parseAuthority, type Authority } from '@scopegate/network';
import { stripMount } from '@scopegate/path';
import type { Mount } from './mount.js';

/** What is mounted where. */
export interface Mounted<Application> {
  readonly mount: Mount;
  readonly application: Application;
}

/** The applications of one host, or of every host, by their path prefixes. */
class PrefixTable<Application> {
  readonly #byPrefix = new Map<string, Mounted<Application>>();
  #root: Mounted<Application> | null = null;
  #deepest = 0;

  add(mounted: Mounted<Application>): void {
    const { pathPrefix } = mounted.mount;
    if (pathPrefix === '/') {
      this.#root = mounted;
      return;
    }
    this.#byPrefix.set(pathPrefix, mounted);
    this.#deepest = Math.max(this.#deepest, pathPrefix.split('/').length - 1);
  }

  /** The longest prefix of the path that ends at a segment boundary: one look-up a segment, however many there are. */
  find(rawPath: string): Route<Application> | null {
    let found = this.#root;
    let slash = 0;
    for (let depth = 0; depth < this.#deepest && slash >= 0; depth += 1) {
      slash = rawPath.indexOf('/', slash + 1);
      found = this.#byPrefix.get(slash < 0 ? rawPath : rawPath.slice(0, slash)) ?? found;
    }
    if (found === null) return null;
    const rest = stripMount(rawPath, found.mount.pathPrefix);
    return rest === null ? null : { application: found.application, rest, hasOwnHost: found.mount.host !== null };
  }
}

/** Finds the application that a request is for. */
export class ApplicationRoutes<Application> {
  readonly #anyHost = new PrefixTable<Application>();
  readonly #byHost = new Map<string, PrefixTable<Application>>();

  constructor(mounted: readonly Mounted<Application>[]) {
    for (const entry of mounted) {
      const { host } = entry.mount;
      if (host === null) {
        this.#anyHost.add(entry);
        continue;
      }
      // Both sides in the one spelling of a host: what was stored earlier may have another.
      const key = parseAuthority(host)?.text ?? host;
      const table = this.#byHost.get(key) ?? new PrefixTable<Application>();
      table.add(entry);
      this.#byHost.set(key, table);
    }
  }

  /**
   * Hosts come first: a Host that names an application belongs to it alone, so that nothing else, the management API
   * included, ever answers there.
   * @param authority the host that the request is for; null if it names none
   * @param rawPath the path as it was sent, without the query
   * @returns the application with the rest of the path; `unclaimed-host-path` where the host is one of an application
   * whose prefix does not match; null if no application is mounted
   */
  find(authority: Authority | null, rawPath: string): Route<Application> | 'unclaimed-host-path' | null {
    const table = authority === null ? undefined : this.#tableOf(authority);
    if (table !== undefined) return table.find(rawPath) ?? 'unclaimed-host-path';
    return this.#anyHost.find(rawPath);
  }

  /** A mount with a port is for that port alone, and goes before one of the same host without. */
  #tableOf({ host, port, text }: Authority): PrefixTable<Application> | undefined {
    const table = port === null ? undefined : this.#byHost.get(text);
    return table ?? this.#byHost.get(host);
  }
}
