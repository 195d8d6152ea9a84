import { FairLine, type LineLimits } from '@scopegate/kernel';

/** Where a task waits: a lower rank comes first, and the keys of a rank take turns. */
export interface QueuePlace {
  readonly rank: number;
  readonly key: string;
}

export interface FairQueueOptions extends LineLimits {
  /** Tasks that run at once. */
  readonly maxRunning: number;
  readonly rankCount: number;
  readonly maxWaitMs: number;
  /** Makes the error of a task that finds no room, or has waited too long. */
  readonly refuse: () => Error;
}

interface Waiter {
  readonly start: () => void;
  readonly refuse: () => void;
}

/** Runs a few tasks at once. The others wait in a fair line, which is limited in size and in time. */
export class FairQueue {
  readonly #line: FairLine<Waiter>;
  #running = 0;

  constructor(private readonly options: FairQueueOptions) {
    this.#line = new FairLine(options.rankCount, options);
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#line.size;
  }

  /** @throws the error of `refuse` if the task does not get its turn */
  async run<Result>(place: QueuePlace, task: () => Promise<Result>): Promise<Result> {
    if (this.#running < this.options.maxRunning) this.#running += 1;
    // A task that finishes gives its place to the next one.
    else await this.#turn(place);
    try {
      return await task();
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
