import { DatabaseBusyError } from './database-unavailable.js';
import type { TimeLimit } from './time-limit.js';

/** Limits how many callers work at once. The others wait, first come, first served. */
export class TurnQueue {
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(
    private readonly turns: number,
    private readonly maxWaiting: number,
  ) {}

  /**
   * Call `release` afterwards.
   * @throws DatabaseBusyError if too many callers wait already
   * @throws DatabaseUnavailableError if the limit is reached
   */
  take(limit: TimeLimit): Promise<void> {
    if (this.#taken < this.turns) {
      this.#taken += 1;
      return Promise.resolve();
    }
    if (this.#waiting.size >= this.maxWaiting) return Promise.reject(new DatabaseBusyError());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(begin);
        reject(limit.overdue());
      }, limit.leftMs);
      const begin = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#waiting.add(begin);
    });
  }

  release(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#taken -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
