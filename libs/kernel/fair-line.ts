export interface LineLimits {
  readonly maxWaiting: number;
  readonly maxPerKey: number;
}

/**
 * Fair to its keys: within a rank, the keys take turns. Rank 0 gets half of the turns, the next rank half of the rest,
 * and so on: no rank waits for ever. If a rank needs no turn, the first rank with items gets it.
 */
export class FairLine<Item> {
  /** By rank: items per key in order of arrival; keys in order of their next turns. */
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

  get size(): number {
    return this.#size;
  }

  /**
   * @returns the item without room, or null. A full line drops the newest item of the key with the most items, from a
   * lower rank first. It refuses the new one if its key has as many as allowed, or would then have the most.
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

  /** Undefined if no item waits. */
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

  /** False if the item is not in the line. */
  remove(rank: number, key: string, item: Item): boolean {
    const items = this.#ranks[rank]?.get(key) ?? [];
    const index = items.indexOf(item);
    if (index < 0) return false;
    items.splice(index, 1);
    if (items.length === 0) this.#ranks[rank]?.delete(key);
    this.#size -= 1;
    return true;
  }

  /** Null if no other key has to give way to one with `own` items. */
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
