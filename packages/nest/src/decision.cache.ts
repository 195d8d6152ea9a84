interface Entry<Value> {
  readonly value: Value;
  readonly endsAtMs: number;
}

/** Keeps the values that were used last, each until its end. Times are milliseconds of one clock that never goes back. */
export class DecisionCache<Value> {
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry<Value>>();

  /** @param max how many values are kept at most */
  constructor(private readonly max: number) {}

  get(key: string, nowMs: number): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (entry.endsAtMs <= nowMs) return undefined;
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: Value, endsAtMs: number): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, endsAtMs });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.max) return;
      this.#entries.delete(oldest);
    }
  }
}
