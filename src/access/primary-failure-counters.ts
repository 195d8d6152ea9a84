import type { Clock } from '../common/time/clock.js';
import type { ProcessChannel } from '../workers/process.channel.js';
import { TOPICS } from '../workers/worker.link.js';
import { FailureCounters, keyDigest, MemoryFailureCounters, type FailureCount } from './failure-counters.js';

/** How long a refusal waits for the primary process. */
const TIMEOUT_MS = 200;

/** How long the primary is left alone once it has failed to answer. */
const PAUSE_MS = 1_000;

interface FailureToAdd {
  readonly key: string;
  readonly windowSeconds: number;
}

/**
 * Counts for all workers together, in the primary process. Each failure is counted in this worker as well, which answers
 * where the primary does not.
 */
export class PrimaryFailureCounters extends FailureCounters {
  #pausedUntilMs = 0;

  /** @param own counts what fails in this worker */
  constructor(
    private readonly primary: ProcessChannel,
    private readonly own: FailureCounters,
    private readonly clock: Clock,
  ) {
    super();
  }

  async add(key: string, windowSeconds: number): Promise<FailureCount> {
    const own = await this.own.add(key, windowSeconds);
    return larger(own, await this.#ask(TOPICS.addFailure, { key: keyDigest(key), windowSeconds }));
  }

  async read(key: string): Promise<FailureCount> {
    return larger(await this.own.read(key), await this.#ask(TOPICS.readFailures, keyDigest(key)));
  }

  /** Null where the primary does not answer in time. */
  async #ask(topic: string, body: unknown): Promise<FailureCount | null> {
    if (this.clock.nowMs() < this.#pausedUntilMs) return null;
    try {
      return (await this.primary.ask(topic, body, TIMEOUT_MS)) as FailureCount;
    } catch {
      this.#pausedUntilMs = this.clock.nowMs() + PAUSE_MS;
      return null;
    }
  }
}

/** While the primary was not asked, it has missed what has failed here. */
function larger(own: FailureCount, all: FailureCount | null): FailureCount {
  return all === null || all.failures < own.failures ? own : all;
}

/** The counts of the primary process, and who is told of them. */
export function countFailuresTogether(clock: Clock): { serve(channel: ProcessChannel): void } {
  const counters = new MemoryFailureCounters(clock);
  return {
    serve(channel) {
      channel.on(TOPICS.addFailure, (body) => {
        const { key, windowSeconds } = body as FailureToAdd;
        return counters.add(key, windowSeconds);
      });
      channel.on(TOPICS.readFailures, (key) => counters.read(key as string));
    },
  };
}
