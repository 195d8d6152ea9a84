import { AggregatorRegistry } from 'prom-client';
import type { ProcessChannel } from './process.channel.js';
import type { ProcessFigures } from './topics.js';

/** How long a scrape waits for a worker. */
const TIMEOUT_MS = 2_000;

/**
 * The figures of all workers, put together: counts are summed, and each state says itself how it is. What has been
 * counted by a worker that is gone goes on counting, since a sum that falls looks like a server that was started anew.
 */
export class WorkersFigures {
  /** What each worker last told. */
  readonly #latest = new Map<ProcessChannel, ProcessFigures>();
  /** The counts of workers that are gone. */
  #left: ProcessFigures = [];
  #running: Promise<string> | null = null;

  /** @param workers the channels of the workers there are */
  constructor(private readonly workers: () => readonly ProcessChannel[]) {}

  /** All figures in Prometheus' text format. */
  text(): Promise<string> {
    this.#running ??= this.#gather().finally(() => (this.#running = null));
    return this.#running;
  }

  async #gather(): Promise<string> {
    const workers = this.workers();
    await this.#keepCountsOfThoseGone(workers);
    const answered = new Set<ProcessChannel>();
    await Promise.all(
      workers.map(async (worker) => {
        const figures = await worker.ask('figures', null, TIMEOUT_MS).catch(() => null);
        if (figures === null) return;
        this.#latest.set(worker, figures);
        answered.add(worker);
      }),
    );
    // Of one that does not answer, the counts are known; its states are not.
    const told = [...this.#latest].map(([worker, figures]) => (answered.has(worker) ? figures : countsOf(figures)));
    return AggregatorRegistry.aggregate([this.#left, ...told]).metrics();
  }

  async #keepCountsOfThoseGone(workers: readonly ProcessChannel[]): Promise<void> {
    for (const [worker, figures] of this.#latest) {
      if (workers.includes(worker)) continue;
      this.#latest.delete(worker);
      this.#left = await AggregatorRegistry.aggregate([this.#left, countsOf(figures)]).getMetricsAsJSON();
    }
  }
}

/** What only grows. */
function countsOf(figures: ProcessFigures): ProcessFigures {
  return figures.filter(({ type }) => {
    // Its declaration has numbers here, and what is told are names.
    const name = String(type);
    return name === 'counter' || name === 'histogram';
  });
}
