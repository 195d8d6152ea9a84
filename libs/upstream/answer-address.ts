import type { OuterAddress } from './session-answer.js';
import type { ReferenceHeader } from './session-parameter.js';
import type { UpstreamTarget } from './target.js';

/** What the upstream had to write addresses from. */
export interface AnsweredRequest {
  readonly outer: OuterAddress;
  /** The value of the Host line that it received. */
  readonly host: string;
}

const ABSOLUTE = /^(?:(https?):)?\/\/([^/?#\\\s@]+)(?=[/?#]|$)/i;

/** A browser reads each of these as `//`, and what follows as another host. */
// oxlint-disable-next-line no-control-regex -- browsers leave control characters out of an address
const HOST_LIKE = /^\/[\x00-\x20]*[/\\]/;

/** RFC 3986 5.2.4, also percent-encoded. */
const DOT_SEGMENT = /[/\\](?:\.|%2e){1,2}(?:[/\\]|$)/i;

/** RFC 8288 3: the targets of links, which stand at the start or after a comma. */
const LINK_TARGET = /((?:^|,)\s*<)([^<>]*)(?=>)/g;

/** Seconds, a separator, and a perhaps quoted URL (HTML, "shared declarative refresh steps"). */
const REFRESH_URL = /^([^;,]*[;,]\s*(?:url\s*=\s*)?(['"]?))(.*)$/is;

/**
 * R115: addresses below the upstream's own origin and path become the client's. Others stay, and so do references that
 * are relative to the path of the request: they lead to the same place on both sides.
 */
export class AnswerAddresses {
  readonly #origin: string;
  readonly #host: string;
  readonly #inner: string;
  readonly #outer: string;

  /** @param pathPrefix of the mount: `/`, or segments without a slash at the end */
  constructor(target: UpstreamTarget, pathPrefix: string) {
    this.#origin = target.origin;
    this.#host = target.host;
    this.#inner = target.basePath;
    this.#outer = pathPrefix === '/' ? '' : pathPrefix;
  }

  /** A path without a host is translated in locations alone: clients follow those by themselves. */
  reference(header: ReferenceHeader, value: string, request: AnsweredRequest): string {
    switch (header) {
      case 'location':
        return this.#address(value, request) ?? this.#pathAddress(value, request.outer);
      case 'link':
        return value.replace(
          LINK_TARGET,
          (_all, start: string, address: string) => start + (this.#address(address, request) ?? address),
        );
      case 'refresh':
        return value.replace(REFRESH_URL, (_all, start: string, quote: string, rest: string) => {
          const end = quote === '' ? -1 : rest.indexOf(quote);
          const address = end < 0 ? rest : rest.slice(0, end);
          return start + (this.#address(address, request) ?? address) + rest.slice(address.length);
        });
    }
  }

  /**
   * The value of `Set-Cookie`. A cookie without a domain is for the host that the client asked. `__Host-` needs the
   * path `/` (RFC 6265bis 4.1.3.2).
   */
  cookie(value: string): string {
    const [pair = '', ...attributes] = value.split(';');
    if (attributes.length === 0) return value;
    const isForHost = /^\s*__host-/i.test(pair);
    let result = pair;
    for (const attribute of attributes) {
      const name = attribute.split('=', 1)[0] ?? '';
      const lower = name.trim().toLowerCase();
      if (lower === 'domain') continue;
      const path = lower === 'path' && !isForHost ? this.#cookiePath(attribute.slice(name.length + 1).trim()) : null;
      result += path === null ? `;${attribute}` : `;${name}=${path}`;
    }
    return result;
  }

  #cookiePath(path: string): string | null {
    if (!path.startsWith('/')) return null;
    const outer = this.#path(path, true);
    // `/app/` would not cover the mount itself.
    return path === '/' && this.#inner === '' && this.#outer !== '' ? this.#outer : outer;
  }

  #pathAddress(value: string, outer: OuterAddress): string {
    if (!value.startsWith('/') || value.startsWith('//')) return value;
    const path = this.#path(value, true);
    if (path === null) return value;
    if (!HOST_LIKE.test(path)) return path;
    return outer.host === null ? value : `${outer.scheme}://${outer.host}${path}`;
  }

  /** Null without a host. */
  #address(value: string, { outer, host }: AnsweredRequest): string | null {
    const [start, scheme, authority] = ABSOLUTE.exec(value) ?? [];
    if (start === undefined || authority === undefined) return null;
    const schemes = scheme === undefined ? [schemeOf(this.#origin), outer.scheme] : [scheme.toLowerCase()];
    const isOuter = this.#isAmong(schemes, authority, [outer.host], outer);
    if (!isOuter && !this.#isAmong(schemes, authority, [this.#host, host], outer)) return value;
    const path = this.#path(value.slice(start.length), isOuter);
    if (path === null) return value;
    if (outer.host === null) return HOST_LIKE.test(path) ? value : path;
    return `${scheme === undefined ? '' : `${outer.scheme}:`}//${outer.host}${path}`;
  }

  /** The upstream may have the scheme from its own connection or from `X-Forwarded-Proto`. */
  #isAmong(
    schemes: readonly string[],
    authority: string,
    hosts: readonly (string | null)[],
    outer: OuterAddress,
  ): boolean {
    return schemes.some((scheme) => {
      if (scheme !== outer.scheme && scheme !== schemeOf(this.#origin)) return false;
      const origin = originOf(scheme, authority);
      return origin !== null && hosts.some((host) => host !== null && originOf(scheme, host) === origin);
    });
  }

  /**
   * @param written the path with what follows it
   * @param mayBeOuter an upstream that follows `X-Forwarded-Prefix` writes the mount's path itself
   * @returns null if it is outside the upstream's path
   */
  #path(written: string, mayBeOuter: boolean): string | null {
    const end = written.search(/[?#]/);
    let path = (end < 0 ? written : written.slice(0, end)) || '/';
    const rest = end < 0 ? '' : written.slice(end);
    if (DOT_SEGMENT.test(path)) {
      if (!URL.canParse(`http://host${path}`)) return null;
      path = new URL(`http://host${path}`).pathname;
    }
    if (mayBeOuter && this.#outer.length > this.#inner.length && isBelow(path, this.#outer)) return path + rest;
    if (!isBelow(path, this.#inner)) return null;
    return (this.#outer + path.slice(this.#inner.length) || '/') + rest;
  }
}

/** @param base without a slash at the end */
function isBelow(path: string, base: string): boolean {
  return path.startsWith(base) && (path.length === base.length || path[base.length] === '/');
}

function schemeOf(origin: string): string {
  return origin.slice(0, origin.indexOf(':'));
}

/** Null if it is no authority. */
function originOf(scheme: string, authority: string): string | null {
  const address = `${scheme}://${authority}`;
  return URL.canParse(address) ? new URL(address).origin : null;
}
