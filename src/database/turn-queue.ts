import { DatabaseBusyError } from './database-unavailable.js';
import type { TimeLimit } from './time-limit.js';

/** Gives out a number of turns. If none is free, callers wait; first come, first served. */
export class TurnQueue {
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  /** @param maxWaiting how many callers may wait for a turn */
  constructor(
    private readonly turns: number,
    private readonly maxWaiting: number,
  ) {}

  /**
   * Resolves when it is the caller's turn; call `release` afterwards.
   * @throws DatabaseBusyError if too many callers wait already
   * @throws DatabaseUnavailableError if the limit is reached before
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

  /** Gives a turn back, to the caller that has waited longest. */
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
