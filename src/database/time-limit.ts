import { DatabaseUnavailableError } from './database-unavailable.js';

/** A limit that is counted from the moment of asking: every wait on the way to the answer is part of it (R81). */
export class TimeLimit {
  readonly #endTick: number;

  constructor(readonly timeoutMs: number) {
    this.#endTick = performance.now() + timeoutMs;
  }

  /** What is left, in milliseconds; 0 where the limit has been reached. */
  get leftMs(): number {
    return Math.max(0, this.#endTick - performance.now());
  }

  /** What the caller gets once the limit has been reached. */
  overdue(): DatabaseUnavailableError {
    return new DatabaseUnavailableError(`no answer within ${this.timeoutMs} ms`);
  }

  /**
   * The answer, if it comes within the limit.
   * @param onOverdue called where it does not: whatever the answer was expected from is to be given up
   * @throws DatabaseUnavailableError where it does not
   */
  answer<Answer>(asked: Promise<Answer>, onOverdue: () => void = () => undefined): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        onOverdue();
        reject(this.overdue());
      }, this.leftMs);
      asked.finally(() => clearTimeout(timer)).then(resolve, reject);
    });
  }
}
