import { DatabaseUnavailableError } from './database-unavailable.js';

/** A read that is under way. */
interface Reading<Value> {
  readonly value: Promise<Value>;
  /** The row has changed since the read began. */
  isOutdated: boolean;
}

/** A row that changes again and again while it is read is given up after so many reads. */
const MAX_READS = 5;

/**
 * Reads rows by their ids. Callers that want the same row at the same time share one read. Where the row changes while
 * it is read, it is read again, also for the callers that wait already: none of them gets what was read before (R80).
 */
export class RowReader<Value> {
  readonly #readings = new Map<string, Reading<Value>>();

  /**
   * @param load reads one row
   * @param keep is given what was read, unless the row has changed in the meantime
   */
  constructor(
    private readonly load: (id: string) => Promise<Value>,
    private readonly keep: (id: string, value: Value) => void,
  ) {}

  /**
   * The row as it is after the newest change that this node knows of.
   * @throws DatabaseUnavailableError where the row cannot be read, or changes faster than it can be read
   */
  async read(id: string): Promise<Value> {
    for (let reads = 1; reads <= MAX_READS; reads += 1) {
      const reading = this.#readings.get(id) ?? this.#start(id);
      const value = await reading.value;
      if (!reading.isOutdated) return value;
    }
    throw new DatabaseUnavailableError(`the row changed ${MAX_READS} times while it was read`);
  }

  /** Reads several rows at once, so that no caller has to wait for them. Rows that are being read are left out. */
  prefetch(ids: readonly string[], loadAll: (ids: readonly string[]) => Promise<(id: string) => Value>): void {
    const wanted = ids.filter((id) => !this.#readings.has(id));
    if (wanted.length === 0) return;
    const values = loadAll(wanted);
    for (const id of wanted) {
      this.#start(
        id,
        values.then((valueOf) => valueOf(id)),
      );
    }
  }

  /**
   * Notes that a row has changed: a read of it that is under way counts no more.
   * @returns whether there was one
   */
  noteChange(id: string): boolean {
    const reading = this.#readings.get(id);
    if (reading === undefined) return false;
    reading.isOutdated = true;
    return this.#readings.delete(id);
  }

  /** Notes that every row may have changed. */
  noteChangeOfAll(): void {
    for (const id of this.#readings.keys()) this.noteChange(id);
  }

  #start(id: string, value = this.load(id)): Reading<Value> {
    const reading: Reading<Value> = { value, isOutdated: false };
    this.#readings.set(id, reading);
    const end = (): void => {
      if (this.#readings.get(id) === reading) this.#readings.delete(id);
    };
    reading.value.then((read) => {
      if (!reading.isOutdated) this.keep(id, read);
      end();
    }, end);
    return reading;
  }
}
