import { DatabaseUnavailableError } from './database-unavailable.js';

interface Reading<Value> {
  readonly value: Promise<Value>;
  isOutdated: boolean;
}

/** After so many reads, a row that keeps changing is given up. */
const MAX_READS = 5;

/**
 * Reads rows by id; concurrent callers share one read. If the row changes meanwhile, it is read again for all of them
 * (R80).
 */
export class RowReader<Value> {
  readonly #readings = new Map<string, Reading<Value>>();

  constructor(
    private readonly load: (id: string) => Promise<Value>,
    private readonly keep: (id: string, value: Value) => void,
  ) {}

  /** @throws DatabaseUnavailableError if the row cannot be read, or changes faster than it can be read */
  async read(id: string): Promise<Value> {
    for (let reads = 1; reads <= MAX_READS; reads += 1) {
      const reading = this.#readings.get(id) ?? this.#start(id);
      const value = await reading.value;
      if (!reading.isOutdated) return value;
    }
    throw new DatabaseUnavailableError(`the row changed ${MAX_READS} times while it was read`);
  }

  /** So that no caller has to wait. Rows that are being read are left out. */
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

  /** Makes a read under way read the row again. @returns whether there was one */
  noteChange(id: string): boolean {
    const reading = this.#readings.get(id);
    if (reading === undefined) return false;
    reading.isOutdated = true;
    return this.#readings.delete(id);
  }

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
