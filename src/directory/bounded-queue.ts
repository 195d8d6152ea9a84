/** Lets a few pieces of work run at once, a bounded number wait for their turn, and no more in. */
export class BoundedQueue {
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** @param refuse makes what is thrown at the work there is no room for */
  constructor(
    private readonly maxRunning: number,
    private readonly maxWaiting: number,
    private readonly refuse: () => Error,
  ) {}

  /** Pieces of work that run now. */
  get running(): number {
    return this.#running;
  }

  /** Pieces of work that wait for their turn. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Runs the work in its turn, first come, first served. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#running < this.maxRunning) {
      this.#running += 1;
    } else {
      if (this.#waiting.length >= this.maxWaiting) throw this.refuse();
      // Whoever finishes hands its place on.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
