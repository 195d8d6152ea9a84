import { FairLine, type LineLimits } from '@scopegate/kernel';

/** Where a piece of work waits: a lower rank comes first, and keys of a rank take turns. */
export interface QueuePlace {
  readonly rank: number;
  readonly key: string;
}

export interface FairQueueOptions extends LineLimits {
  /** Pieces of work that run at once. */
  readonly maxRunning: number;
  readonly rankCount: number;
  /** How long a piece of work waits for its turn, in milliseconds. */
  readonly maxWaitMs: number;
  /** Makes what is thrown at the work that has no room, or has waited too long. */
  readonly refuse: () => Error;
}

/** A piece of work that waits. */
interface Waiter {
  readonly start: () => void;
  readonly refuse: () => void;
}

/** Lets a few pieces of work run at once; the others wait in a fair line, which is bounded in size and in time. */
export class FairQueue {
  readonly #line: FairLine<Waiter>;
  #running = 0;

  constructor(private readonly options: FairQueueOptions) {
    this.#line = new FairLine(options.rankCount, options);
  }

  /** Pieces of work that run now. */
  get running(): number {
    return this.#running;
  }

  /** Pieces of work that wait for their turn. */
  get waiting(): number {
    return this.#line.size;
  }

  /** Runs the work in its turn. @throws what `refuse` makes, where it gets none */
  async run<Result>(place: QueuePlace, work: () => Promise<Result>): Promise<Result> {
    if (this.#running < this.options.maxRunning) this.#running += 1;
    // Whoever finishes hands its place on.
    else await this.#turn(place);
    try {
      return await work();
    } finally {
      const next = this.#line.next();
      if (next === undefined) this.#running -= 1;
      else next.start();
    }
  }

  #turn({ rank, key }: QueuePlace): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        start: () => {
          clearTimeout(limit);
          resolve();
        },
        refuse: () => {
          clearTimeout(limit);
          reject(this.options.refuse());
        },
      };
      const limit = setTimeout(() => {
        if (this.#line.remove(rank, key, waiter)) waiter.refuse();
      }, this.options.maxWaitMs);
      this.#line.add(rank, key, waiter)?.refuse();
    });
  }
}
