import { FairLine, type LineLimits } from '@scopegate/kernel';

/** A lower rank comes first. Within a rank, the keys take turns. */
export interface QueuePlace {
  readonly rank: number;
  readonly key: string;
}

export interface FairQueueOptions extends LineLimits {
  readonly maxRunning: number;
  readonly rankCount: number;
  readonly maxWaitMs: number;
  /** The error of a task that finds no room or has waited too long. */
  readonly refuse: () => Error;
}

interface Waiter {
  readonly start: () => void;
  readonly refuse: () => void;
}

/** Limits how many tasks run at once. The others wait in a fair line of limited size and time. */
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
