import type { Route } from '@scopegate/access';
import { parseAuthority, type Authority } from '@scopegate/network';
import { stripMount } from '@scopegate/path';
import type { Mount } from './mount.js';

export interface Mounted<Application> {
  readonly mount: Mount;
  readonly application: Application;
}

/** By path prefix, for one host or for every host. */
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

  /** The longest prefix at a segment boundary: one look-up a segment. */
  find(rawPath: string): Route<Application> | null {
    let found = this.#root;
    let slash = 0;
    for (let depth = 0; depth < this.#deepest && slash >= 0; depth += 1) {
      slash = rawPath.indexOf('/', slash + 1);
      found = this.#byPrefix.get(slash < 0 ? rawPath : rawPath.slice(0, slash)) ?? found;
    }
    if (found === null) return null;
    const { host, pathPrefix } = found.mount;
    const rest = stripMount(rawPath, pathPrefix);
    if (rest === null) return null;
    const isMountItself = rawPath === pathPrefix && pathPrefix !== '/';
    return { application: found.application, rest, hasOwnHost: host !== null, isMountItself };
  }
}

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
      // Older stored hosts may have another spelling.
      const key = parseAuthority(host)?.text ?? host;
      const table = this.#byHost.get(key) ?? new PrefixTable<Application>();
      table.add(entry);
      this.#byHost.set(key, table);
    }
  }

  /**
   * Hosts first: a host of an application belongs to it alone, so not even the management API answers there.
   * @param authority null if the request names none
   * @param rawPath as sent, without the query
   * @returns `unclaimed-host-path`: an application's host, but outside its prefix; null: no application
   */
  find(authority: Authority | null, rawPath: string): Route<Application> | 'unclaimed-host-path' | null {
    const table = authority === null ? undefined : this.#tableOf(authority);
    if (table !== undefined) return table.find(rawPath) ?? 'unclaimed-host-path';
    return this.#anyHost.find(rawPath);
  }

  /** A mount with a port comes before one without, and is only for that port. */
  #tableOf({ host, port, text }: Authority): PrefixTable<Application> | undefined {
    const table = port === null ? undefined : this.#byHost.get(text);
    return table ?? this.#byHost.get(host);
  }
}
