interface OwnChangeSet {
  /** By a clock that never steps back; null while it is being stored. */
  storedAtTick: number | null;
  hasActed: boolean;
}

/** The change sets that this node stores itself, until it finds them in the change log. */
export class OwnChangeSets {
  readonly #sets = new Map<string, OwnChangeSet>();

  /** Call it before the change set is stored: the reader of the log may be the first to see it. */
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

  /** If it is not stored, or that is unknown: the reader of the log then treats it like any other. */
  forget(changeSet: string): void {
    this.#sets.delete(changeSet);
  }

  /** If the database is not the same any more. */
  clear(): void {
    this.#sets.clear();
  }

  hasActedOn(changeSet: string): boolean {
    return this.#sets.get(changeSet)?.hasActed === true;
  }

  noteFound(changeSets: Iterable<string>): void {
    for (const changeSet of changeSets) this.#sets.delete(changeSet);
  }

  /**
   * The change sets that were stored before this time and not found in the log. After the log has been read, they are lost.
   * @param ageMs milliseconds
   */
  olderThan(ageMs: number): readonly string[] {
    const before = performance.now() - ageMs;
    return [...this.#sets]
      .filter(([, { storedAtTick }]) => storedAtTick !== null && storedAtTick < before)
      .map(([changeSet]) => changeSet);
  }
}
