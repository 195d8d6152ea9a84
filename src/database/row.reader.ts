/** A read that is under way. */
interface Reading<Value> {
  readonly value: Promise<Value>;
  /** The row has changed since the read began. */
  isOutdated: boolean;
}

/** Reads rows by their ids. Callers that want the same row at the same time share one read. */
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

  read(id: string): Promise<Value> {
    return (this.#readings.get(id) ?? this.#start(id)).value;
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

  #start(id: string): Reading<Value> {
    const reading: Reading<Value> = { value: this.load(id), isOutdated: false };
    this.#readings.set(id, reading);
    const end = (): void => {
      if (this.#readings.get(id) === reading) this.#readings.delete(id);
    };
    reading.value.then((value) => {
      if (!reading.isOutdated) this.keep(id, value);
      end();
    }, end);
    return reading;
  }
}
