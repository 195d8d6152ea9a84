import { AggregatorRegistry } from 'prom-client';
import type { ProcessChannel } from './process.channel.js';
import type { ProcessFigures } from './topics.js';

/** A scrape waits at most this long for a worker. */
const TIMEOUT_MS = 2_000;

/**
 * Counts are added up; each state defines how it is combined. The counts of a worker that has ended remain, because a
 * sum that falls looks like a restart.
 */
export class WorkersFigures {
  readonly #latest = new Map<ProcessChannel, ProcessFigures>();
  #left: ProcessFigures = [];
  #running: Promise<string> | null = null;

  constructor(private readonly workers: () => readonly ProcessChannel[]) {}

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
    // If a worker does not answer, its last counts are right, but not its states.
    const figures = [...this.#latest].map(([worker, latest]) => (answered.has(worker) ? latest : countsOf(latest)));
    return AggregatorRegistry.aggregate([this.#left, ...figures]).metrics();
  }

  async #keepCountsOfThoseGone(workers: readonly ProcessChannel[]): Promise<void> {
    for (const [worker, figures] of this.#latest) {
      if (workers.includes(worker)) continue;
      this.#latest.delete(worker);
      this.#left = await AggregatorRegistry.aggregate([this.#left, countsOf(figures)]).getMetricsAsJSON();
    }
  }
}

function countsOf(figures: ProcessFigures): ProcessFigures {
  return figures.filter(({ type }) => {
    // Its type has numbers here, but the values are names.
    const name = String(type);
    return name === 'counter' || name === 'histogram';
  });
}
