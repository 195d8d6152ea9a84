import { inTime } from '../common/time/in-time.js';
import { DatabaseUnavailableError } from './database-unavailable.js';

/** A limit that counts from the call: every wait on the way to the answer is part of it (R81). */
export class TimeLimit {
  readonly #endTick: number;

  constructor(readonly timeoutMs: number) {
    this.#endTick = performance.now() + timeoutMs;
  }

  /** What is left, in milliseconds; 0 once the limit is reached. */
  get leftMs(): number {
    return Math.max(0, this.#endTick - performance.now());
  }

  /** The error for the caller once the limit is reached. */
  overdue(): DatabaseUnavailableError {
    return new DatabaseUnavailableError(`no answer within ${this.timeoutMs} ms`);
  }

  /**
   * The answer, if it comes within the limit.
   * @param onOverdue called if it does not, to give up the connection or question
   * @throws DatabaseUnavailableError if it does not
   */
  answer<Answer>(asked: Promise<Answer>, onOverdue: () => void = () => undefined): Promise<Answer> {
    return inTime(asked, this.leftMs, () => {
      onOverdue();
      return this.overdue();
    });
  }
}
