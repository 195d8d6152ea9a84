/** How many may wait. */
export interface LineLimits {
  /** All together. */
  readonly maxWaiting: number;
  /** Of one key. */
  readonly maxPerKey: number;
}

/**
 * A bounded line of items that wait, fair to their keys: within a rank, each key has one turn after the other, however
 * many items it has. Rank 0 comes first: it gets half of the turns, the next rank half of the rest, and so on, so that
 * no rank waits for ever. A turn that its rank does not need goes to the first rank that has items.
 */
export class FairLine<Item> {
  /** By rank: the items of each key in the order of arrival; the keys in the order of their next turns. */
  readonly #ranks: readonly Map<string, Item[]>[];
  #size = 0;
  #turns = 0;

  /** @param rankCount at least 1 */
  constructor(
    rankCount: number,
    private readonly limits: LineLimits,
  ) {
    this.#ranks = Array.from({ length: rankCount }, () => new Map<string, Item[]>());
  }

  /** Items that wait. */
  get size(): number {
    return this.#size;
  }

  /**
   * Puts an item at the end of its key's items.
   * @returns the item there is no room for, which does not wait any more; null where there is room for all. A full line
   * drops the newest item of the key that has the most, from a lower rank first. The new one itself is returned where
   * its key has as many as may wait, or would come to have the most.
   */
  add(rank: number, key: string, item: Item): Item | null {
    const own = this.#ranks[rank]?.get(key)?.length ?? 0;
    if (own >= this.limits.maxPerKey) return item;
    let dropped: Item | null = null;
    if (this.#size >= this.limits.maxWaiting) {
      dropped = this.#drop(rank, own);
      if (dropped === null) return item;
    }
    const keys = this.#ranks[rank];
    const items = keys?.get(key);
    if (items === undefined) keys?.set(key, [item]);
    else items.push(item);
    this.#size += 1;
    return dropped;
  }

  /** Takes the item whose turn it is; undefined where none waits. */
  next(): Item | undefined {
    if (this.#size === 0) return undefined;
    this.#turns += 1;
    // 1 in 2 turns has no zero bit at its end, 1 in 4 has one, 1 in 8 has two.
    const preferred = Math.min(31 - Math.clz32(this.#turns & -this.#turns), this.#ranks.length - 1);
    const keys = [this.#ranks[preferred], ...this.#ranks].find((candidate) => (candidate?.size ?? 0) > 0);
    const [key, items] = keys?.entries().next().value ?? ['', []];
    const item = items.shift();
    keys?.delete(key);
    // The key's next turn comes after those of the others.
    if (items.length > 0) keys?.set(key, items);
    this.#size -= 1;
    return item;
  }

  /** Takes out an item that does not wait any longer; false where it is not in the line. */
  remove(rank: number, key: string, item: Item): boolean {
    const items = this.#ranks[rank]?.get(key) ?? [];
    const index = items.indexOf(item);
    if (index < 0) return false;
    items.splice(index, 1);
    if (items.length === 0) this.#ranks[rank]?.delete(key);
    this.#size -= 1;
    return true;
  }

  /** Makes room for one more of a key that has `own`; null where no other key is to give way. */
  #drop(rank: number, own: number): Item | null {
    for (let lowest = this.#ranks.length - 1; lowest >= rank; lowest -= 1) {
      const [key, items] = longestOf(this.#ranks[lowest]);
      if (items.length === 0 || (lowest === rank && items.length <= own + 1)) continue;
      const item = items.pop();
      if (items.length === 0) this.#ranks[lowest]?.delete(key);
      this.#size -= 1;
      return item ?? null;
    }
    return null;
  }
}

function longestOf<Item>(keys: ReadonlyMap<string, Item[]> | undefined): readonly [string, Item[]] {
  let longest: readonly [string, Item[]] = ['', []];
  for (const entry of keys ?? []) if (entry[1].length > longest[1].length) longest = entry;
  return longest;
}
