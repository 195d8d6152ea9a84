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

  /** So that the next process need not wait for its end. */
  async release(): Promise<void> {
    if (this.#heldSinceMs === null) return;
    this.#heldSinceMs = null;
    await this.leases.release(this.name);
  }
}
