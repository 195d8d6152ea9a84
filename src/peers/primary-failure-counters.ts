import type { Clock } from '../common/time/clock.js';
import { FailureCounters, keyDigest, type FailureCount } from './failure-counters.js';
import type { ProcessChannel } from './process.channel.js';

/** A refusal waits at most this long for the primary process. */
const TIMEOUT_MS = 200;

/** After a failure, the primary is not asked for this long. */
const PAUSE_MS = 1_000;

/** Counts for all workers in the primary process. If the primary does not answer, this worker answers alone. */
export class PrimaryFailureCounters extends FailureCounters {
  #pausedUntilMs = 0;

  constructor(
    private readonly primary: ProcessChannel,
    private readonly own: FailureCounters,
    private readonly clock: Clock,
  ) {
    super();
  }

  async add(key: string, windowSeconds: number): Promise<FailureCount> {
    const own = await this.own.add(key, windowSeconds);
    return larger(
      own,
      await this.#unlessPaused(() =>
        this.primary.ask('addFailure', { key: keyDigest(key), windowSeconds }, TIMEOUT_MS),
      ),
    );
  }

  async read(key: string): Promise<FailureCount> {
    return larger(
      await this.own.read(key),
      await this.#unlessPaused(() => this.primary.ask('readFailures', keyDigest(key), TIMEOUT_MS)),
    );
  }

  /** Null if the primary does not answer in time. */
  async #unlessPaused(ask: () => Promise<FailureCount>): Promise<FailureCount | null> {
    if (this.clock.nowMs() < this.#pausedUntilMs) return null;
    try {
      return await ask();
    } catch {
      this.#pausedUntilMs = this.clock.nowMs() + PAUSE_MS;
      return null;
    }
  }
}

/** The primary lacks the failures from the time in which it was not asked. */
function larger(own: FailureCount, all: FailureCount | null): FailureCount {
  return all === null || all.failures < own.failures ? own : all;
}
