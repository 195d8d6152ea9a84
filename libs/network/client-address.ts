import { headerValues, type HeaderLines } from '@scopegate/kernel';
import { parseIpAddress, parseNode, type IpAddress } from './address.js';
import type { AddressSet } from './address-set.js';
import { trimBlanks } from './blanks.js';
import { forwardedSeparators, parseForwardedElement } from './forwarded.js';

/** Whether and whom we believe about the address of the client: the settings of reverse proxy support. */
export interface ReverseProxyRules {
  readonly enabled: boolean;
  readonly trusted: AddressSet;
  /** The name of the header that the proxies set, as configured; it compares without case. */
  readonly header: string;
}

/** Whom a request is attributed to, and how that was found. */
export interface ClientAddress {
  /** The address to judge; null if it is unknown, which a non-empty allow list refuses (R39). */
  readonly client: IpAddress | null;
  readonly source: 'peer' | 'header' | 'unparsable';
  /** The address of the socket's other end; null if that is not an address. */
  readonly peer: IpAddress | null;
  /**
   * The raw value that was considered, its lines joined with a comma; null when there was none or the peer was not to be
   * believed. Clients write it: escape it wherever it is shown.
   */
  readonly header: string | null;
  /** What was judged of the header, from the client to the last proxy before the peer; empty where nothing was. */
  readonly hops: readonly IpAddress[];
}

const NO_HOPS: readonly IpAddress[] = [];

/**
 * Derives the client address of a request (R38, R39). The header counts only when support is on and the peer is a trusted
 * proxy; it is read from the right, because each proxy appends what it has seen itself and the left end is whatever the
 * client made up. Everything left of the answer is never looked at. Never throws.
 * @param peer the socket's remote address without a port; undefined when the socket is gone
 * @param lines the header lines as they came off the wire, several of one name included
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
    // The element in front of the first separator starts at the beginning.
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
