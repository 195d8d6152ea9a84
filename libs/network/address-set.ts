import { keyOfAddress, type AddressKey, type IpAddress } from './address.js';
import { parseAllowListEntry, type AllowListEntry } from './allow-list-entry.js';

const IPV4_KEY_LENGTH = 2;

/** Limits the cache, so that made-up addresses cannot fill the memory. */
const MOST_ANSWERS = 1_024;
/** Immutable. */
export interface AddressSet {
  readonly size: number;
  /**
   * The text of the entry with the address, one of the widest if several have it. Null (no address) is in no set, not
   * even in `0.0.0.0/0`.
   */
  match(address: IpAddress | null): string | null;
  has(address: IpAddress | null): boolean;
}

/**
 * A match is a binary search (R33). IPv4 and IPv6 are separate: `::/0` has no IPv4 address.
 * @param entries in any spelling
 * @throws Error if an entry is invalid: lists are checked before they are saved
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

export function addressSetOf(entries: readonly AllowListEntry[]): AddressSet {
  return new RangeSet(entries);
}

/** An empty list allows every address (R33); one with entries refuses an unknown address (R39). */
export function isAddressAllowed(allowList: AddressSet, client: IpAddress | null): boolean {
  return allowList.size === 0 || allowList.has(client);
}

class RangeSet implements AddressSet {
  readonly size: number;
  readonly #ipv4: Ranges;
  readonly #ipv6: Ranges;
  /** Answers never change, and the same clients and proxies return often. */
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

/** Of one family, none within another, in the order of their first and so also of their last addresses. */
type Ranges = readonly Range[];

function rangeOfEntry(entry: AllowListEntry): Range {
  return { first: keyOfAddress(entry.first), last: keyOfAddress(entry.last), text: entry.text };
}

/** Sorts ranges and drops those that lie within another one. */
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

/** By lower first address, then by wider range, then by text. */
function compareRanges(left: Range, right: Range): number {
  return (
    compareText(left.first, right.first) || compareText(right.last, left.last) || compareText(left.text, right.text)
  );
}

/** By code unit, not by locale. */
function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Checks only the last range that starts at or before the address: it also reaches furthest. */
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
