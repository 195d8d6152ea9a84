import { headerValues, type HeaderLines } from '@scopegate/kernel';
import { parseIpAddress, parseNode, type IpAddress } from './address.js';
import type { AddressSet } from './address-set.js';
import { trimBlanks } from './blanks.js';
import { forwardedSeparators, parseForwardedElement } from './forwarded.js';

/** The settings of reverse proxy support. */
export interface ReverseProxyRules {
  readonly enabled: boolean;
  readonly trusted: AddressSet;
  /** Compared without case. */
  readonly header: string;
}

/** The address that a request is attributed to, and how it was found. */
export interface ClientAddress {
  /** Null if unknown: a non-empty allow list refuses that (R39). */
  readonly client: IpAddress | null;
  readonly source: 'peer' | 'header' | 'unparsable';
  /** Null if the socket's other end has no address. */
  readonly peer: IpAddress | null;
  /** Lines joined with a comma; null if missing or the peer is not trusted. Clients control it: escape it. */
  readonly header: string | null;
  /** From the client to the last proxy before the peer. */
  readonly hops: readonly IpAddress[];
}

const NO_HOPS: readonly IpAddress[] = [];

/**
 * R38, R39: the header counts only if support is on and the peer is trusted. It is read from the right, because each
 * proxy appends what it saw, and the client controls the left end. Never throws.
 * @param peer without a port; undefined if the socket is gone
 */
export function resolveClientAddress(
  peer: string | undefined,
  lines: HeaderLines,
  rules: ReverseProxyRules,
): ClientAddress {
  const peerAddress = parseIpAddress(peer);
  if (peerAddress === null) {
    return { client: null, source: 'unparsable', peer: null, header: null, hops: NO_HOPS };
  }
  if (!rules.enabled || !rules.trusted.has(peerAddress)) {
    return { client: peerAddress, source: 'peer', peer: peerAddress, header: null, hops: NO_HOPS };
  }
  const name = rules.header.toLowerCase();
  const values = headerValues(lines, name);
  if (values.length === 0) {
    return { client: peerAddress, source: 'peer', peer: peerAddress, header: null, hops: NO_HOPS };
  }
  const header = values.join(', ');
  const isForwarded = name === 'forwarded';
  const separators = isForwarded ? forwardedSeparators(header) : commas(header);
  if (separators === null) {
    return { client: null, source: 'unparsable', peer: peerAddress, header, hops: NO_HOPS };
  }
  const hops: IpAddress[] = [];
  let client = peerAddress;
  let source: ClientAddress['source'] = 'peer';
  let end = header.length;
  for (let index = separators.length - 1; index >= -1; index--) {
    // The first element starts at the beginning.
    const separator = separators[index] ?? -1;
    const element = trimBlanks(header.slice(separator + 1, end));
    end = separator;
    if (element === '') {
      continue;
    }
    const address = isForwarded ? (parseForwardedElement(element)?.address ?? null) : parseNode(element);
    if (address === null) {
      return { client: null, source: 'unparsable', peer: peerAddress, header, hops: hops.reverse() };
    }
    hops.push(address);
    client = address;
    source = 'header';
    if (!rules.trusted.has(address)) {
      break;
    }
  }
  return { client, source, peer: peerAddress, header, hops: hops.reverse() };
}

function commas(text: string): readonly number[] {
  const positions: number[] = [];
  for (let index = text.indexOf(','); index !== -1; index = text.indexOf(',', index + 1)) {
    positions.push(index);
  }
  return positions;
}
