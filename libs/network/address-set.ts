import { keyOfAddress, type AddressKey, type IpAddress } from './address.js';
import { parseAllowListEntry, type AllowListEntry } from './allow-list-entry.js';

const IPV4_KEY_LENGTH = 2;

/** Bounds what a set remembers, so that made-up addresses cannot fill the memory. */
const MOST_ANSWERS = 1_024;
/** A compiled list of addresses, blocks and ranges. It never changes; a changed list is compiled anew. */
export interface AddressSet {
  /** The number of entries it was compiled from. */
  readonly size: number;
  /**
   * The canonical text of the entry that holds the address, or null. Where several hold it, it is one of the widest of
   * them, whatever the order of the list was. No address (null) is in no set, not even in `0.0.0.0/0`.
   */
  match(address: IpAddress | null): string | null;
  /** Whether an entry holds the address. */
  has(address: IpAddress | null): boolean;
}

/**
 * Compiles entries for matching (R33). A match costs a binary search, so a long list is about as fast as a short one.
 * IPv4 and IPv6 are apart: `::/0` holds no IPv4 address.
 * @param entries entries that `parseAllowListEntry` accepts, in any spelling
 * @throws Error if an entry is not valid: lists are checked before they are saved
 */
export function compileAddressSet(entries: readonly string[]): AddressSet {
  const parsed = entries.map((text) => {
    const result = parseAllowListEntry(text);
    if (!result.ok) {
      throw new Error(`An address set contains an invalid entry. ${result.message}`);
    }
    return result.entry;
  });
  return addressSetOf(parsed);
}

/** Compiles entries that are parsed already. */
export function addressSetOf(entries: readonly AllowListEntry[]): AddressSet {
  return new RangeSet(entries);
}

/**
 * Whether an allow list lets the client address through: an empty list allows every address (R33), and a list with
 * entries refuses whoever has no address (R39). Trusted proxies are not judged by it: an empty list of them trusts nobody.
 */
export function isAddressAllowed(allowList: AddressSet, client: IpAddress | null): boolean {
  return allowList.size === 0 || allowList.has(client);
}

class RangeSet implements AddressSet {
  readonly size: number;
  readonly #ipv4: Ranges;
  readonly #ipv6: Ranges;
  /** The answers given so far, which cannot change. The same clients and proxies come back again and again. */
  readonly #answers = new Map<IpAddress, string | null>();

  constructor(entries: readonly AllowListEntry[]) {
    this.size = entries.length;
    const ranges = entries.map(rangeOfEntry);
    this.#ipv4 = rangesForSearch(ranges.filter((range) => range.first.length === IPV4_KEY_LENGTH));
    this.#ipv6 = rangesForSearch(ranges.filter((range) => range.first.length !== IPV4_KEY_LENGTH));
  }

  match(address: IpAddress | null): string | null {
    if (address === null || this.size === 0) {
      return null;
    }
    const known = this.#answers.get(address);
    if (known !== undefined) {
      return known;
    }
    const key = keyOfAddress(address);
    const answer = searchRanges(key.length === IPV4_KEY_LENGTH ? this.#ipv4 : this.#ipv6, key);
    if (this.#answers.size === MOST_ANSWERS) {
      this.#answers.clear();
    }
    this.#answers.set(address, answer);
    return answer;
  }

  has(address: IpAddress | null): boolean {
    return this.match(address) !== null;
  }
}

interface Range {
  readonly first: AddressKey;
  readonly last: AddressKey;
  readonly text: string;
}

/** Ranges of one family, none of which lies within another, in the order of their first and so of their last addresses. */
type Ranges = readonly Range[];

function rangeOfEntry(entry: AllowListEntry): Range {
  return { first: keyOfAddress(entry.first), last: keyOfAddress(entry.last), text: entry.text };
}

/** Sorts ranges and leaves out those that lie within another one, which answers for them. */
function rangesForSearch(ranges: readonly Range[]): Ranges {
  const kept: Range[] = [];
  for (const range of ranges.toSorted(compareRanges)) {
    const widest = kept.at(-1);
    if (widest === undefined || range.last > widest.last) {
      kept.push(range);
    }
  }
  return kept;
}

/** The lower first address before the higher, the wider range before the narrower; by text where both are equal. */
function compareRanges(left: Range, right: Range): number {
  return (
    compareText(left.first, right.first) || compareText(right.last, left.last) || compareText(left.text, right.text)
  );
}

/** By code unit, never by locale: keys are no language. */
function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * Looks at one range alone, the last that starts at or before the address: of all of those it also reaches furthest, so
 * when it does not hold the address, no other does.
 */
function searchRanges(ranges: Ranges, key: AddressKey): string | null {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    // `middle` is below `high`, which is at most the length.
    if ((ranges[middle] as Range).first <= key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const candidate = ranges[low - 1];
  return candidate !== undefined && key <= candidate.last ? candidate.text : null;
}
