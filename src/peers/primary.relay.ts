import type { Clock } from '../common/time/clock.js';
import { MemoryFailureCounters } from './failure-counters.js';
import type { ProcessChannel } from './process.channel.js';
import { WorkersFigures } from './workers-figures.js';

/** Keeps for the workers: counts of failed credentials, figures, and news for the others. */
export class PrimaryRelay {
  readonly #failures: MemoryFailureCounters;
  readonly #figures: WorkersFigures;

  /** @param workers the channels of the workers that take requests */
  constructor(
    clock: Clock,
    private readonly workers: () => readonly ProcessChannel[],
  ) {
    this.#failures = new MemoryFailureCounters(clock);
    this.#figures = new WorkersFigures(workers);
  }

  serve(worker: ProcessChannel): void {
    worker.answer('addFailure', ({ key, windowSeconds }) => this.#failures.add(key, windowSeconds));
    worker.answer('readFailures', (key) => this.#failures.read(key));
    worker.answer('metrics', () => this.#figures.text());
    for (const topic of ['changes', 'changesRead'] as const) {
      worker.on(topic, (body) => {
        for (const other of this.workers()) if (other !== worker) other.tell(topic, body);
      });
    }
  }
}
