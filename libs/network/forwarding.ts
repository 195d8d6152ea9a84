import { headerValues, type HeaderLines } from '@scopegate/kernel';
import type { IpAddress } from './address.js';
import { parseAuthority, type Authority } from './authority.js';
import { trimBlanks } from './blanks.js';
import type { ClientAddress, ReverseProxyRules } from './client-address.js';
import { forwardedSeparators, parseForwardedElement } from './forwarded.js';

/** Where a request came from, according to trusted proxies (R39). */
export interface Forwarding {
  /** Null if it is unknown. */
  readonly client: IpAddress | null;
  /** From the client over the proxies to the peer. */
  readonly chain: readonly IpAddress[];
  /** The client's protocol. The gateway itself speaks plain HTTP. */
  readonly proto: 'http' | 'https';
  /** The host that the client asked for, if a trusted proxy says so. */
  readonly host: Authority | null;
}

type Asked = Pick<Forwarding, 'proto' | 'host'>;

const NOTHING_SAID: Asked = { proto: 'http', host: null };

/**
 * What the upstream learns about the origin: only what was judged (R39). Proxies add scheme and host on the right, as
 * they add addresses, so the client's place counts from the right. A shorter list gives its leftmost value. Invalid
 * values are left out. @param address from the same lines under the same rules
 */
export function forwardingOf(lines: HeaderLines, address: ClientAddress, rules: ReverseProxyRules): Forwarding {
  const { client, peer, hops } = address;
  const chain = peer === null ? hops : hops.length === 0 ? [peer] : [...hops, peer];
  const isTrusted = rules.enabled && peer !== null && rules.trusted.has(peer);
  const { proto, host } = !isTrusted
    ? NOTHING_SAID
    : rules.header.toLowerCase() === 'forwarded'
      ? askedByForwarded(address.header, hops.length)
      : askedByLists(lines, Math.max(1, hops.length));
  return { client, chain, proto, host };
}

/** @param place of the client, from the right, from 1 */
function askedByLists(lines: HeaderLines, place: number): Asked {
  return {
    proto: schemeOf(elementFromRight(headerValues(lines, 'x-forwarded-proto'), place)) ?? 'http',
    host: hostOf(elementFromRight(headerValues(lines, 'x-forwarded-host'), place)),
  };
}

/** @param count of judged elements, from the right */
function askedByForwarded(header: string | null, count: number): Asked {
  const separators = header === null ? null : forwardedSeparators(header);
  if (header === null || separators === null) return NOTHING_SAID;
  let asked = NOTHING_SAID;
  let end = header.length;
  let left = count;
  for (let index = separators.length - 1; index >= -1 && left > 0; index -= 1) {
    const start = (separators[index] ?? -1) + 1;
    const text = trimBlanks(header.slice(start, end));
    end = start - 1;
    if (text === '') continue;
    left -= 1;
    const element = parseForwardedElement(text);
    asked = {
      proto: schemeOf(element?.proto ?? null) ?? asked.proto,
      host: hostOf(element?.host ?? null) ?? asked.host,
    };
  }
  return asked;
}

/** The leftmost if there are fewer; empty ones do not count. */
function elementFromRight(values: readonly string[], place: number): string | null {
  let found: string | null = null;
  let left = place;
  for (let line = values.length - 1; line >= 0 && left > 0; line -= 1) {
    const value = values[line] ?? '';
    let end = value.length;
    while (end >= 0 && left > 0) {
      const comma = end === 0 ? -1 : value.lastIndexOf(',', end - 1);
      const element = trimBlanks(value.slice(comma + 1, end));
      end = comma;
      if (element === '') continue;
      found = element;
      left -= 1;
    }
  }
  return found;
}

function schemeOf(text: string | null): 'http' | 'https' | null {
  const scheme = text?.toLowerCase();
  return scheme === 'http' || scheme === 'https' ? scheme : null;
}

function hostOf(text: string | null): Authority | null {
  return text === null ? null : parseAuthority(text);
}
