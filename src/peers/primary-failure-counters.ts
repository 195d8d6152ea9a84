import type { Clock } from '../common/time/clock.js';
import { FailureCounters, keyDigest, type FailureCount } from './failure-counters.js';
import { FailurePause, PEER_TIMEOUT_MS } from './failure-pause.js';
import type { ProcessChannel } from './process.channel.js';

/** Counts for all workers in the primary process. If the primary does not answer, this worker answers alone. */
export class PrimaryFailureCounters extends FailureCounters {
  readonly #pause: FailurePause;

  constructor(
    private readonly primary: ProcessChannel,
    private readonly own: FailureCounters,
    clock: Clock,
  ) {
    super();
    this.#pause = new FailurePause(clock);
  }

  async add(key: string, windowSeconds: number): Promise<FailureCount> {
    const own = await this.own.add(key, windowSeconds);
    return larger(
      own,
      await this.#unlessPaused(() =>
        this.primary.ask('addFailure', { key: keyDigest(key), windowSeconds }, PEER_TIMEOUT_MS),
      ),
    );
  }

  async read(key: string): Promise<FailureCount> {
    return larger(
      await this.own.read(key),
      await this.#unlessPaused(() => this.primary.ask('readFailures', keyDigest(key), PEER_TIMEOUT_MS)),
    );
  }

  /** Null if the primary does not answer in time. */
  async #unlessPaused(ask: () => Promise<FailureCount>): Promise<FailureCount | null> {
    if (this.#pause.isOn) return null;
    try {
      return await ask();
    } catch {
      this.#pause.start();
      return null;
    }
  }
}

/** The primary lacks the failures from the time in which it was not asked. */
function larger(own: FailureCount, all: FailureCount | null): FailureCount {
  return all === null || all.failures < own.failures ? own : all;
}
