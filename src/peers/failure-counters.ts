import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Clock } from '../common/time/clock.js';

export interface FailureCount {
  readonly failures: number;
  /** Whole seconds until the count is 0 again; 0 if nothing is counted. */
  readonly remainingSeconds: number;
}

export abstract class FailureCounters {
  abstract add(key: string, windowSeconds: number): Promise<FailureCount>;

  abstract read(key: string): Promise<FailureCount>;
}

/** People type passwords into the field of the user name: no name leaves this process in clear text. */
export function keyDigest(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}

interface Window {
  failures: number;
  readonly endsAtMs: number;
}

/** Keys of each kind: those that failed once, and those that failed again. */
const CAPACITY = 50_000;

/**
 * The tables are bounded: keys that have not failed for longest are removed first. Invented names fail once each, so
 * they have their own table and do not remove the counts of names that fail repeatedly.
 */
@Injectable()
export class MemoryFailureCounters extends FailureCounters {
  readonly #once = new LRUCache<string, Window>({ max: CAPACITY });
  readonly #again = new LRUCache<string, Window>({ max: CAPACITY });

  constructor(private readonly clock: Clock) {
    super();
  }

  async add(key: string, windowSeconds: number): Promise<FailureCount> {
    const nowMs = this.clock.nowMs();
    let window = this.#find(key);
    if (window === undefined || window.endsAtMs <= nowMs) {
      window = { failures: 1, endsAtMs: nowMs + windowSeconds * 1000 };
      this.#again.delete(key);
      this.#once.set(key, window);
      return toCount(window, nowMs);
    }
    if (window.failures === 1) {
      this.#once.delete(key);
      this.#again.set(key, window);
    }
    window.failures += 1;
    return toCount(window, nowMs);
  }

  async read(key: string): Promise<FailureCount> {
    const window = this.#find(key);
    const nowMs = this.clock.nowMs();
    return window === undefined || window.endsAtMs <= nowMs
      ? { failures: 0, remainingSeconds: 0 }
      : toCount(window, nowMs);
  }

  #find(key: string): Window | undefined {
    return this.#again.get(key) ?? this.#once.get(key);
  }
}

function toCount(window: Window, nowMs: number): FailureCount {
  return { failures: window.failures, remainingSeconds: Math.max(1, Math.ceil((window.endsAtMs - nowMs) / 1000)) };
}
