import type { Clock } from '../common/time/clock.js';

/** A client waits for the peer meanwhile. */
export const PEER_TIMEOUT_MS = 200;

const PAUSE_MS = 1_000;

/** After a failure, a peer is not asked for this time, so that not every request waits for it. */
export class FailurePause {
  #endsAtMs = 0;

  constructor(private readonly clock: Clock) {}

  get isOn(): boolean {
    return this.clock.nowMs() < this.#endsAtMs;
  }

  start(): void {
    this.#endsAtMs = this.clock.nowMs() + PAUSE_MS;
  }
}
