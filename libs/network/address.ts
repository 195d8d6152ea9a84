import type { Brand } from '@scopegate/kernel';
import ipaddr from 'ipaddr.js';

/**
 * Canonical: dotted decimal for IPv4, RFC 5952 for IPv6; an IPv4-mapped address is its IPv4 address (R40). So two
 * addresses are the same exactly when their strings are equal.
 */
export type IpAddress = Brand<string, 'IpAddress'>;

/**
 * The 16-bit groups as UTF-16 code units, two for IPv4, eight for IPv6. Strings compare like addresses, and the length
 * is the family, so ranges need no big integers.
 */
export type AddressKey = Brand<string, 'AddressKey'>;

export type AddressGroups = readonly number[];

/** Enough for `0000:0000:0000:0000:0000:ffff:255.255.255.255`. */
const LONGEST_TEXT = 45;
const GROUP_COUNT = 8;
const LARGEST_PORT = 65_535;
const NOT_IPV4 = -1;

const CODE_DOT = 0x2e;
const CODE_ZERO = 0x30;
const CODE_COLON = 0x3a;
const CODE_OPENING_BRACKET = 0x5b;

/**
 * Reads one address and nothing else (R40): no port, brackets, zone, blanks or leading zeros, and no short, octal,
 * hexadecimal or integer form. Never throws. Not ipaddr.js: it accepts octal and hexadecimal octets at the end of IPv6,
 * and takes `::10.0.0.1` for 10.0.0.1.
 * @returns the canonical text, or null
 */
export function parseIpAddress(text: unknown): IpAddress | null {
  if (typeof text !== 'string') {
    return null;
  }
  if (!text.includes(':')) {
    // Without leading zeros an IPv4 address has one spelling.
    return readIpv4(text, 0) === NOT_IPV4 ? null : (text as IpAddress);
  }
  const groups = readIpv6(text);
  return groups === null ? null : addressOfGroups(groups);
}

/**
 * Reads an element of a forwarding header: an address with an optional port, IPv6 in brackets if it has a port (R40). A
 * zone, a port above 65535 and a bracketed IPv4 address are malformed. @returns the address alone, or null
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

/** For counts and turns: an IPv4 address, or the /64 of an IPv6 address, because one client has all of it (R51). */
export function addressBlock(address: IpAddress): string {
  const groups = address.includes(':') ? readIpv6(address) : null;
  if (groups === null) return address;
  const network = groups.slice(0, GROUP_COUNT / 2).map((group) => group.toString(16));
  return `${network.join(':')}::/64`;
}

export function keyOfAddress(address: IpAddress): AddressKey {
  if (!address.includes(':')) {
    const value = readIpv4(address, 0);
    return String.fromCharCode(value >>> 16, value & 0xffff) as AddressKey;
  }
  // The brand guarantees that the text is valid.
  return String.fromCharCode(...(readIpv6(address) ?? [])) as AddressKey;
}

export function readGroups(text: string): AddressGroups | null {
  if (text.includes(':')) {
    return readIpv6(text);
  }
  const value = readIpv4(text, 0);
  return value === NOT_IPV4 ? null : [0, 0, 0, 0, 0, 0xffff, value >>> 16, value & 0xffff];
}

/** Groups of the mapped block give the IPv4 address (R40). */
export function addressOfGroups(groups: AddressGroups): IpAddress {
  if (isMapped(groups)) {
    const high = groups[6] as number;
    const low = groups[7] as number;
    return `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}` as IpAddress;
  }
  return new ipaddr.IPv6([...groups]).toRFC5952String() as IpAddress;
}

/** `::ffff:0:0/96` (RFC 4291 2.5.5.2). */
function isMapped(groups: AddressGroups): boolean {
  return (
    groups[5] === 0xffff && groups[4] === 0 && groups[3] === 0 && groups[2] === 0 && groups[1] === 0 && groups[0] === 0
  );
}

/** 0 to 65535, in at most five digits (RFC 7239 6). */
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

/** Reads from `start` to the end of the text. @returns an unsigned 32-bit number, or NOT_IPV4 */
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

/** RFC 4291 2.2, where `::` stands for at least one group; otherwise null. */
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

/** -1 if there is no hexadecimal digit. */
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
