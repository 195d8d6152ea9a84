import {
  addressOfGroups,
  keyOfAddress,
  parseIpAddress,
  readGroups,
  type AddressKey,
  type IpAddress,
} from './address.js';
import { trimBlanks } from './blanks.js';

export interface AllowListEntry {
  /** Canonical: all spellings of an entry have the same text. */
  readonly text: string;
  readonly kind: 'address' | 'cidr' | 'range';
  /** Both of one family. */
  readonly first: IpAddress;
  readonly last: IpAddress;
}

export type AllowListEntryResult =
  | { readonly ok: true; readonly entry: AllowListEntry }
  /** For the administrator: what is wrong, and what to write instead. */
  | { readonly ok: false; readonly message: string };

const FORMS = 'write an address (203.0.113.7), a CIDR block (203.0.113.0/24) or a range (203.0.113.5-203.0.113.9)';
const MIXED_WITH_MAPPED =
  'The entry mixes IPv4-mapped addresses and other IPv6 addresses: write the IPv4 part and the IPv6 part ' +
  'as two entries.';
const PREFIX = /^(?:0|[1-9][0-9]{0,2})$/;
const BITS_OF_MAPPED_PREFIX = 96;

/** Two addresses, a dash and some blanks. */
const LONGEST_ENTRY = 128;

const FIRST_IPV6 = '::';
const LAST_IPV6 = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff';
const MAPPED_BLOCK_KEY = String.fromCharCode(0, 0, 0, 0, 0, 0xffff);

/**
 * Reads an address, a CIDR block without host bits, or a range, of IPv4 or IPv6 (R33, R40). Ignores blanks around the
 * entry and the dash. Never throws.
 */
export function parseAllowListEntry(value: unknown): AllowListEntryResult {
  if (typeof value !== 'string') {
    return refuse(`An entry must be a string: ${FORMS}.`);
  }
  if (value.length > LONGEST_ENTRY) {
    return refuse(`The entry is too long: ${FORMS}.`);
  }
  const text = trimBlanks(value);
  if (text === '') {
    return refuse(`The entry is empty: ${FORMS}. To allow every address, leave the list empty.`);
  }
  const slash = text.indexOf('/');
  const dash = text.indexOf('-');
  if (slash !== -1) {
    return parseCidr(text.slice(0, slash), text.slice(slash + 1));
  }
  if (dash !== -1) {
    return parseRange(trimBlanks(text.slice(0, dash)), trimBlanks(text.slice(dash + 1)));
  }
  const address = parseIpAddress(text);
  return address === null ? refuse(explainNoAddress(text)) : accept(address, 'address', address, address);
}

/** Both are valid and mean the same entry, so DELETE finds it in another spelling (R33). */
export function sameEntry(left: string, right: string): boolean {
  const one = parseAllowListEntry(left);
  const other = parseAllowListEntry(right);
  return one.ok && other.ok && one.entry.text === other.entry.text;
}

function parseCidr(base: string, prefix: string): AllowListEntryResult {
  const groups = readGroups(base);
  if (groups === null) {
    return refuse(explainNoAddress(base));
  }
  const writtenAsIpv6 = base.includes(':');
  const longest = writtenAsIpv6 ? 128 : 32;
  if (!PREFIX.test(prefix) || Number(prefix) > longest) {
    return refuse(
      `The prefix length must be a number from 0 to ${longest} without leading zeros; a netmask is not supported.`,
    );
  }
  // IPv4 is computed as its mapped block, so both families share the arithmetic.
  const bits = writtenAsIpv6 ? Number(prefix) : BITS_OF_MAPPED_PREFIX + Number(prefix);
  const first = addressOfGroups(groups.map((group, index) => group & networkMask(bits, index)));
  const last = addressOfGroups(groups.map((group, index) => group | (~networkMask(bits, index) & 0xffff)));
  const address = addressOfGroups(groups);
  if (straddlesMappedBlock(first, last)) {
    return refuse(MIXED_WITH_MAPPED);
  }
  const isIpv4 = !first.includes(':');
  const block = `${first}/${isIpv4 ? bits - BITS_OF_MAPPED_PREFIX : bits}`;
  if (first !== address) {
    // A wider block would allow more than intended.
    return refuse(
      `The address has bits set after the prefix: write ${block} for the block, or ${address} for the one ` +
        'address.',
    );
  }
  return accept(block, 'cidr', first, last);
}

function parseRange(from: string, to: string): AllowListEntryResult {
  const first = parseIpAddress(from);
  const last = parseIpAddress(to);
  if (first === null || last === null) {
    return refuse(`A range needs two addresses, first and last: ${explainNoAddress(first === null ? from : to)}`);
  }
  const firstKey = keyOfAddress(first);
  const lastKey = keyOfAddress(last);
  if (firstKey.length !== lastKey.length) {
    return refuse('The two addresses of a range must both be IPv4 or both be IPv6.');
  }
  if (firstKey > lastKey) {
    return refuse(`The first address of a range must not be after the last: write ${last}-${first}.`);
  }
  if (straddlesMappedBlock(first, last)) {
    return refuse(MIXED_WITH_MAPPED);
  }
  return accept(`${first}-${last}`, 'range', first, last);
}

/**
 * Mapped addresses are IPv4 to us, so an IPv6 range with `::ffff:0:0/96` and more would not contain what it says.
 * Exception: `::/0`, which means the whole family.
 */
function straddlesMappedBlock(first: IpAddress, last: IpAddress): boolean {
  if (first === FIRST_IPV6 && last === LAST_IPV6) {
    return false;
  }
  const firstKey = keyOfAddress(first);
  const lastKey = keyOfAddress(last);
  return firstKey.length !== lastKey.length || (isBeforeMapped(firstKey) && lastKey > MAPPED_BLOCK_KEY);
}

function isBeforeMapped(key: AddressKey): boolean {
  return key.length > 2 && key < MAPPED_BLOCK_KEY;
}

/** @param bits of the prefix, out of 128 */
function networkMask(bits: number, group: number): number {
  const inGroup = Math.min(16, Math.max(0, bits - group * 16));
  return (0xffff << (16 - inGroup)) & 0xffff;
}

/** The message does not repeat the text, because it may be anything. */
function explainNoAddress(text: string): string {
  if (text.includes(',') || /[ \t]/.test(text)) {
    return `Write one entry for each address: ${FORMS}.`;
  }
  if (text.includes('%')) {
    return 'An address with a zone id has a meaning on one host only: leave the zone out or use another address.';
  }
  if (hasBracketsOrPort(text)) {
    return 'Write the address without brackets and port.';
  }
  if (text.includes('*')) {
    return `Wildcards are not supported: ${FORMS}.`;
  }
  if (/[g-z]/i.test(text)) {
    return `Host names are not supported: ${FORMS}.`;
  }
  return `This is not an IP address (four decimal octets without leading zeros, or IPv6): ${FORMS}.`;
}

/** A guess, used only in the message. */
function hasBracketsOrPort(text: string): boolean {
  return text.startsWith('[') || (text.includes('.') && text.includes(':') && !text.includes('::'));
}

function accept(text: string, kind: AllowListEntry['kind'], first: IpAddress, last: IpAddress): AllowListEntryResult {
  return { ok: true, entry: { text, kind, first, last } };
}

function refuse(message: string): AllowListEntryResult {
  return { ok: false, message };
}
