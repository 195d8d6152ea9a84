import { Injectable } from '@nestjs/common';
import { Clock } from '../common/time/clock.js';

/** Fewer refusals may come from one user without permission. */
const MIN_REFUSED = 3;

const FORGOTTEN_AFTER_MS = 3_600_000;

interface Refusals {
  count: number;
  lastAtMs: number;
}

/** R55: applications whose upstream has refused all recent token requests, for a warning. In memory, per node. */
@Injectable()
export class IdentityBeliefs {
  readonly #refused = new Map<string, Refusals>();

  constructor(private readonly clock: Clock) {}

  /** The upstream answered a token request with 401 or 403. */
  noteRefused(application: string): void {
    const nowMs = this.clock.nowMs();
    const known = this.#refused.get(application);
    if (known === undefined || nowMs - known.lastAtMs > FORGOTTEN_AFTER_MS) {
      this.#refused.set(application, { count: 1, lastAtMs: nowMs });
      return;
    }
    known.count += 1;
    known.lastAtMs = nowMs;
  }

  noteAccepted(application: string): void {
    if (this.#refused.size > 0) this.#refused.delete(application);
  }

  /** After a change, earlier answers do not count. */
  forget(application: string): void {
    this.#refused.delete(application);
  }

  /** In a row; null if too few or too old. */
  refusals(application: string): number | null {
    const known = this.#refused.get(application);
    if (known === undefined || known.count < MIN_REFUSED) return null;
    return this.clock.nowMs() - known.lastAtMs > FORGOTTEN_AFTER_MS ? null : known.count;
  }
}
