import { Logger } from '@nestjs/common';

const RETRY_MS = 500;

/**
 * An immutable copy of stored state, for synchronous decisions. Readings follow one another, so an older one never
 * replaces a newer one. A failed reading is repeated, because a change is announced only once.
 */
export class Snapshot<Value> {
  readonly #logger = new Logger(Snapshot.name);
  #value: { readonly value: Value } | null = null;
  #running: Promise<void> = Promise.resolve();
  #waiting: Promise<void> | null = null;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(
    private readonly name: string,
    private readonly read: () => Promise<Value>,
  ) {}

  get current(): Value {
    if (this.#value === null) throw new Error(`The ${this.name} have not been read yet.`);
    return this.#value.value;
  }

  /** Resolves when a reading that began after this call is done. Callers share one. */
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

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
  }

  async #readNow(): Promise<void> {
    try {
      this.#value = { value: await this.read() };
      clearTimeout(this.#retry);
    } catch (error) {
      // Before the first reading there is no copy to keep: the start fails.
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
