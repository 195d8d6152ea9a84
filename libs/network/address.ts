import type { Brand } from '@scopegate/kernel';
import ipaddr from 'ipaddr.js';

/**
 * An address that was read by `parseIpAddress`: dotted decimal for IPv4, RFC 5952 text for IPv6, and an IPv4-mapped
 * IPv6 address is its IPv4 address (R40). There is one text for one address, so two addresses are the same exactly
 * when the strings are.
 */
export type IpAddress = Brand<string, 'IpAddress'>;

/**
 * An address as its 16-bit groups, one UTF-16 code unit each: two for IPv4, eight for IPv6. The order of strings is then
 * the order of addresses, so that ranges are searched without big integers; the length tells the family. It is not
 * meant to be read by people.
 */
export type AddressKey = Brand<string, 'AddressKey'>;

/** The eight 16-bit groups of an IPv6 address; an IPv4 address stands in its mapped form. */
export type AddressGroups = readonly number[];

/** The longest text of an address, as in `0000:0000:0000:0000:0000:ffff:255.255.255.255`. */
const LONGEST_TEXT = 45;
const GROUP_COUNT = 8;
const LARGEST_PORT = 65_535;
const NOT_IPV4 = -1;

const CODE_DOT = 0x2e;
const CODE_ZERO = 0x30;
const CODE_COLON = 0x3a;
const CODE_OPENING_BRACKET = 0x5b;

/**
 * Reads the text of one IPv4 or IPv6 address and nothing else (R40): no port, no brackets, no zone, no blanks, no
 * leading zeros in an octet, no short, octal, hexadecimal or integer form. Never throws.
 *
 * The reading is ours because that of ipaddr.js is more generous than an access rule may be: it takes octal and
 * hexadecimal octets at the end of an IPv6 address, and it takes `::10.0.0.1` for the IPv4 address 10.0.0.1.
 * @param text anything, as it may come from JSON
 * @returns the address in its one canonical text, or null
 */
export function parseIpAddress(text: unknown): IpAddress | null {
  if (typeof text !== 'string') {
    return null;
  }
  if (!text.includes(':')) {
    // An IPv4 address has one spelling once leading zeros are refused, so the text is canonical as it stands.
    return readIpv4(text, 0) === NOT_IPV4 ? null : (text as IpAddress);
  }
  const groups = readIpv6(text);
  return groups === null ? null : addressOfGroups(groups);
}

/**
 * Reads an element of a forwarding header: an address with an optional port, IPv6 optionally in brackets, and in
 * brackets when it has a port (R40). A zone, a port beyond 65535 and a bracketed IPv4 address are malformed.
 * @returns the address without port and brackets, or null
 */
export function parseNode(text: string): IpAddress | null {
  if (text.charCodeAt(0) === CODE_OPENING_BRACKET) {
    const end = text.indexOf(']');
    const inner = text.slice(1, end);
    const rest = text.slice(end + 1);
    const wellFormed = end > 0 && inner.includes(':') && (rest === '' || isColonPort(rest));
    return wellFormed ? parseIpAddress(inner) : null;
  }
  const colon = text.indexOf(':');
  if (colon === -1 || text.includes(':', colon + 1)) {
    return parseIpAddress(text);
  }
  return isColonPort(text.slice(colon)) ? parseIpAddress(text.slice(0, colon)) : null;
}

/**
 * What an address counts under where clients are counted or take turns: an IPv4 address under itself, an IPv6 address
 * under its /64, since whoever has one address there has all of them (R51).
 */
export function addressBlock(address: IpAddress): string {
  const groups = address.includes(':') ? readIpv6(address) : null;
  if (groups === null) return address;
  const network = groups.slice(0, GROUP_COUNT / 2).map((group) => group.toString(16));
  return `${network.join(':')}::/64`;
}

/** The sort key of an address: see `AddressKey`. */
export function keyOfAddress(address: IpAddress): AddressKey {
  if (!address.includes(':')) {
    const value = readIpv4(address, 0);
    return String.fromCharCode(value >>> 16, value & 0xffff) as AddressKey;
  }
  // The brand says that the text was read before, so it can be read again.
  return String.fromCharCode(...(readIpv6(address) ?? [])) as AddressKey;
}

/** The groups of a text that holds an address of either family, or null where `parseIpAddress` gives null. */
export function readGroups(text: string): AddressGroups | null {
  if (text.includes(':')) {
    return readIpv6(text);
  }
  const value = readIpv4(text, 0);
  return value === NOT_IPV4 ? null : [0, 0, 0, 0, 0, 0xffff, value >>> 16, value & 0xffff];
}

/** The address of eight groups; groups of the mapped block give the IPv4 address (R40). */
export function addressOfGroups(groups: AddressGroups): IpAddress {
  if (isMapped(groups)) {
    const high = groups[6] as number;
    const low = groups[7] as number;
    return `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}` as IpAddress;
  }
  return new ipaddr.IPv6([...groups]).toRFC5952String() as IpAddress;
}

/** Whether the groups are those of an IPv4-mapped address, `::ffff:0:0/96` (RFC 4291 2.5.5.2). */
function isMapped(groups: AddressGroups): boolean {
  return (
    groups[5] === 0xffff && groups[4] === 0 && groups[3] === 0 && groups[2] === 0 && groups[1] === 0 && groups[0] === 0
  );
}

/** A colon and a decimal port of 0 to 65535, in at most five digits as RFC 7239 6 has it. */
function isColonPort(text: string): boolean {
  if (text.length < 2 || text.length > 6 || text.charCodeAt(0) !== CODE_COLON) {
    return false;
  }
  let port = 0;
  for (let index = 1; index < text.length; index++) {
    const digit = text.charCodeAt(index) - CODE_ZERO;
    if (digit < 0 || digit > 9) {
      return false;
    }
    port = port * 10 + digit;
  }
  return port <= LARGEST_PORT;
}

/**
 * Reads four decimal octets that fill the text from `start` to its end.
 * @returns the address as an unsigned 32-bit number, or NOT_IPV4
 */
function readIpv4(text: string, start: number): number {
  if (text.length - start > 15) {
    return NOT_IPV4;
  }
  let address = 0;
  let octet = 0;
  let digits = 0;
  let octets = 0;
  // One position past the end stands for the dot that closes the last octet.
  for (let index = start; index <= text.length; index++) {
    const code = index === text.length ? CODE_DOT : text.charCodeAt(index);
    if (code === CODE_DOT) {
      if (digits === 0) {
        return NOT_IPV4;
      }
      address = address * 256 + octet;
      octets++;
      octet = 0;
      digits = 0;
      continue;
    }
    const digit = code - CODE_ZERO;
    const leadingZero = digits > 0 && octet === 0;
    if (digit < 0 || digit > 9 || leadingZero) {
      return NOT_IPV4;
    }
    octet = octet * 10 + digit;
    digits++;
    if (octet > 255) {
      return NOT_IPV4;
    }
  }
  return octets === 4 ? address : NOT_IPV4;
}

/** Reads the text forms of RFC 4291 2.2, with `::` standing for at least one group; null for anything else. */
function readIpv6(text: string): AddressGroups | null {
  if (text.length > LONGEST_TEXT) {
    return null;
  }
  const groups: number[] = [];
  let elidedAt = -1;
  let index = 0;
  if (text.startsWith('::')) {
    elidedAt = 0;
    index = 2;
  }
  while (index < text.length) {
    const start = index;
    let group = 0;
    for (let digit = hexDigit(text, index); digit !== -1; digit = hexDigit(text, index)) {
      group = (group << 4) | digit;
      index++;
    }
    if (index < text.length && text.charCodeAt(index) === CODE_DOT) {
      const ipv4 = readIpv4(text, start);
      if (ipv4 === NOT_IPV4) {
        return null;
      }
      groups.push(ipv4 >>> 16, ipv4 & 0xffff);
      break;
    }
    if (index === start || index - start > 4) {
      return null;
    }
    groups.push(group);
    if (index === text.length) {
      break;
    }
    if (text.charCodeAt(index) !== CODE_COLON) {
      return null;
    }
    index++;
    if (text.charCodeAt(index) === CODE_COLON) {
      if (elidedAt !== -1) {
        return null;
      }
      elidedAt = groups.length;
      index++;
    } else if (index === text.length) {
      return null;
    }
  }
  if (elidedAt === -1) {
    return groups.length === GROUP_COUNT ? groups : null;
  }
  if (groups.length >= GROUP_COUNT) {
    return null;
  }
  while (groups.length < GROUP_COUNT) {
    groups.splice(elidedAt, 0, 0);
  }
  return groups;
}

/** The value of the hexadecimal digit at this place, or -1 where there is none. */
function hexDigit(text: string, index: number): number {
  const code = text.charCodeAt(index);
  if (code >= 0x30 && code <= 0x39) {
    return code - 0x30;
  }
  if (code >= 0x61 && code <= 0x66) {
    return code - 0x57;
  }
  if (code >= 0x41 && code <= 0x46) {
    return code - 0x37;
  }
  return -1;
}
