import { inTime } from '../common/time/in-time.js';
import { DatabaseUnavailableError } from './database-unavailable.js';

/** A limit that counts from the call and covers every wait until the answer (R81). */
export class TimeLimit {
  readonly #endTick: number;

  constructor(readonly timeoutMs: number) {
    this.#endTick = performance.now() + timeoutMs;
  }

  get leftMs(): number {
    return Math.max(0, this.#endTick - performance.now());
  }

  overdue(): DatabaseUnavailableError {
    return new DatabaseUnavailableError(`no answer within ${this.timeoutMs} ms`);
  }

  /**
   * @param onOverdue called after the limit, to give up the connection or question
   * @throws DatabaseUnavailableError after it
   */
  answer<Answer>(asked: Promise<Answer>, onOverdue: () => void = () => undefined): Promise<Answer> {
    return inTime(asked, this.leftMs, () => {
      onOverdue();
      return this.overdue();
    });
  }
}
