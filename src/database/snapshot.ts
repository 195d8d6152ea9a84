import { Logger } from '@nestjs/common';

/** How long to wait before a failed reading is tried again, in milliseconds. */
const RETRY_MS = 500;

/**
 * An immutable copy of stored state, read synchronously by whoever decides. Readings follow one another, so that an
 * older one never takes the place of a newer one. One that fails leaves the copy as it is and is tried again until it
 * arrives: nobody announces a change twice.
 */
export class Snapshot<Value> {
  readonly #logger = new Logger(Snapshot.name);
  #value: { readonly value: Value } | null = null;
  #running: Promise<void> = Promise.resolve();
  #waiting: Promise<void> | null = null;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  /**
   * @param name what the log calls it
   * @param read reads the state as it is stored now
   */
  constructor(
    private readonly name: string,
    private readonly read: () => Promise<Value>,
  ) {}

  /** The state as it was last read. */
  get current(): Value {
    if (this.#value === null) throw new Error(`The ${this.name} have not been read yet.`);
    return this.#value.value;
  }

  /** Resolves once a reading that began after this call has arrived. Callers that wait share one. */
  reload(): Promise<void> {
    this.#waiting ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#waiting = null;
        this.#running = this.#readNow();
        return this.#running;
      });
    return this.#waiting;
  }

  /** Stops trying again. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
  }

  async #readNow(): Promise<void> {
    try {
      this.#value = { value: await this.read() };
      clearTimeout(this.#retry);
    } catch (error) {
      // Before the first reading there is nothing to fall back to: the start fails.
      if (this.#value !== null) this.#retryLater();
      throw error;
    }
  }

  #retryLater(): void {
    clearTimeout(this.#retry);
    if (this.#isClosed) return;
    this.#retry = setTimeout(() => {
      this.reload().catch((error: unknown) => {
        this.#logger.warn(`The ${this.name} cannot be read again: ${String(error)}`);
      });
    }, RETRY_MS);
    this.#retry.unref();
  }
}
