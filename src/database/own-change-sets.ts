interface OwnChangeSet {
  storedAtTick: number | null;
  hasActed: boolean;
}

/** The change sets that this node has stored and not yet found in the change log. */
export class OwnChangeSets {
  readonly #sets = new Map<string, OwnChangeSet>();

  /** Call this before storing: the reader of the log may see the change set first. */
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

  /** For a change set that is not stored, or not known to be: the reader of the log then treats it like any other. */
  forget(changeSet: string): void {
    this.#sets.delete(changeSet);
  }

  /** Call this if the database is no longer the same. */
  clear(): void {
    this.#sets.clear();
  }

  hasActedOn(changeSet: string): boolean {
    return this.#sets.get(changeSet)?.hasActed === true;
  }

  noteFound(changeSets: Iterable<string>): void {
    for (const changeSet of changeSets) this.#sets.delete(changeSet);
  }

  /** Change sets that were stored this long ago and are not in the log. After the log has been read, they are lost. */
  olderThan(ageMs: number): readonly string[] {
    const before = performance.now() - ageMs;
    return [...this.#sets]
      .filter(([, { storedAtTick }]) => storedAtTick !== null && storedAtTick < before)
      .map(([changeSet]) => changeSet);
  }
}
