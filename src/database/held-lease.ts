import type { LeaseService } from './lease.service.js';

export interface LeaseTimes {
  /** Longer than the interval of the job, so that the holder keeps the lease between two runs. */
  readonly durationMs: number;
  /** A longer job renews the lease after this time. */
  readonly renewalMs: number;
}

/** The lease of a job, which this process holds or does not. */
export class HeldLease {
  #heldSinceMs: number | null = null;

  constructor(
    private readonly leases: LeaseService,
    private readonly name: string,
    private readonly times: LeaseTimes,
  ) {}

  /** Takes or renews it. @returns whether this process holds it */
  async hold(): Promise<boolean> {
    const startedMs = performance.now();
    const isHeld = await this.leases.hold(this.name, this.times.durationMs);
    this.#heldSinceMs = isHeld ? startedMs : null;
    return isHeld;
  }

  /** Renews it where it is due. */
  async stillHolds(): Promise<boolean> {
    const isFresh = this.#heldSinceMs !== null && performance.now() - this.#heldSinceMs < this.times.renewalMs;
    return isFresh || this.hold();
  }

  /** Renews it until the work ends, however long one part of the work takes. */
  async renewDuring<Result>(work: () => Promise<Result>): Promise<Result> {
    let renewal: Promise<unknown> = Promise.resolve();
    // A failure is no end: the work asks `stillHolds` before it changes something.
    const timer = setInterval(() => {
      renewal = this.hold().catch(() => undefined);
    }, this.times.renewalMs);
    try {
      return await work();
    } finally {
      clearInterval(timer);
      // One that is under way would take the lease again after its release.
      await renewal;
    }
  }

  /** So that the next process need not wait for its end. */
  async release(): Promise<void> {
    if (this.#heldSinceMs === null) return;
    this.#heldSinceMs = null;
    await this.leases.release(this.name);
  }
}

/** Work that is done once at a time for each name, in this process and among all processes of the database. */
export class ExclusiveWork {
  /** A lease alone does not tell two calls of one process apart. */
  readonly #underWay = new Set<string>();

  /** @param times the work may last longer: the lease is renewed until it ends */
  constructor(
    private readonly leases: LeaseService,
    private readonly times: LeaseTimes,
    /** What is thrown where the work of this name is being done already. */
    private readonly refuse: () => Error,
  ) {}

  async run<Result>(name: string, work: (lease: HeldLease) => Promise<Result>): Promise<Result> {
    if (this.#underWay.has(name)) throw this.refuse();
    this.#underWay.add(name);
    try {
      const lease = new HeldLease(this.leases, name, this.times);
      if (!(await lease.hold())) throw this.refuse();
      try {
        return await lease.renewDuring(() => work(lease));
      } finally {
        // What the work has done is done: without the release, the lease ends by itself.
        await lease.release().catch(() => undefined);
      }
    } finally {
      this.#underWay.delete(name);
    }
  }
}
