import { Injectable } from '@nestjs/common';
import { Clock } from '../common/time/clock.js';

/** Fewer refusals can be those of one user who may not do something. */
const MIN_REFUSED = 3;

/** Older refusals do not count. */
const FORGOTTEN_AFTER_MS = 3_600_000;

interface Refusals {
  count: number;
  lastAtMs: number;
}

/**
 * Remembers the applications whose upstream has refused every token request lately, so that they carry a warning (R55).
 * It is kept by each node in memory: nothing is lost with it, and most requests find it empty.
 */
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

  /** The upstream accepted the user of a token request. */
  noteAccepted(application: string): void {
    if (this.#refused.size > 0) this.#refused.delete(application);
  }

  /** The application was changed, so earlier answers do not count. */
  forget(application: string): void {
    this.#refused.delete(application);
  }

  /** How many token requests in a row were refused; null if they are too few or too old. */
  refusals(application: string): number | null {
    const known = this.#refused.get(application);
    if (known === undefined || known.count < MIN_REFUSED) return null;
    return this.clock.nowMs() - known.lastAtMs > FORGOTTEN_AFTER_MS ? null : known.count;
  }
}
