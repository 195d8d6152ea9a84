interface OwnChangeSet {
  /** When it was stored, by a clock that never steps back; null while that is under way. */
  storedAtTick: number | null;
  hasActed: boolean;
}

/** The change sets that this node stores itself, until it meets them in the change log. */
export class OwnChangeSets {
  readonly #sets = new Map<string, OwnChangeSet>();

  /** Before it is stored: the reader of the log may be the first to see that it is. */
  noteStoring(changeSet: string): void {
    this.#sets.set(changeSet, { storedAtTick: null, hasActed: false });
  }

  noteStored(changeSet: string): void {
    const own = this.#sets.get(changeSet);
    if (own !== undefined) own.storedAtTick = performance.now();
  }

  noteActedOn(changeSet: string): void {
    const own = this.#sets.get(changeSet);
    if (own !== undefined) own.hasActed = true;
  }

  /** It is not stored, or it is not known whether it is; the reader of the log then treats it like any other. */
  forget(changeSet: string): void {
    this.#sets.delete(changeSet);
  }

  /** Forgets all of them, as where the database is another one. */
  clear(): void {
    this.#sets.clear();
  }

  hasActedOn(changeSet: string): boolean {
    return this.#sets.get(changeSet)?.hasActed === true;
  }

  /** Notes that change sets are in the log. */
  noteFound(changeSets: Iterable<string>): void {
    for (const changeSet of changeSets) this.#sets.delete(changeSet);
  }

  /**
   * The change sets that were stored so long ago, and have not been met in the log: once it has been read, those that
   * are still here are lost.
   * @param ageMs milliseconds
   */
  olderThan(ageMs: number): readonly string[] {
    const before = performance.now() - ageMs;
    return [...this.#sets]
      .filter(([, { storedAtTick }]) => storedAtTick !== null && storedAtTick < before)
      .map(([changeSet]) => changeSet);
  }
}
