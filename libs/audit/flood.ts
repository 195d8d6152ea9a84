import type { AuditEvent } from './event.js';

/** Identical failures are told apart for so long, and then begin to count anew. */
export const FLOOD_WINDOW_MS = 60_000;

/** So many of them are stored one by one; the rest of the window is one event with a count. */
export const FLOOD_SINGLES = 10;

/** The failures of one kind within one window. */
interface Flood {
  readonly endsAtMs: number;
  singles: number;
  /** The eleventh, which stands for all that follow it. */
  held: AuditEvent | null;
}

/** The state of a collapser, to be stored with the position it belongs to. */
export type FloodState = readonly (readonly [key: string, flood: Readonly<Flood>])[];

/**
 * Collapses repeated identical failures (same code, address and user), so that an attacker cannot fill the database.
 * It depends on the events alone, so reading the same events again gives the same result; every count is exact.
 */
export class FloodCollapser {
  readonly #floods: Map<string, Flood>;

  constructor(state: FloodState = []) {
    this.#floods = new Map(state.map(([key, flood]) => [key, { ...flood }]));
  }

  /** Takes an event in; answers those that are to be stored now, in their order. */
  take(event: AuditEvent): readonly AuditEvent[] {
    if (event.outcome !== 'failed') return [event];
    const key = JSON.stringify([event.code, event.clientIp, event.actor, event.application]);
    const flood = this.#floods.get(key);
    const released = flood !== undefined && event.atMs >= flood.endsAtMs ? this.#release(key, flood) : [];
    const current = this.#floods.get(key);
    if (current === undefined) {
      this.#floods.set(key, { endsAtMs: event.atMs + FLOOD_WINDOW_MS, singles: 1, held: null });
      return [...released, event];
    }
    if (current.singles < FLOOD_SINGLES) {
      current.singles += 1;
      return [...released, event];
    }
    current.held = current.held === null ? event : { ...current.held, count: current.held.count + event.count };
    return released;
  }

  /** The events whose window is over by now; nothing older than this instant may be taken in afterwards. */
  expire(nowMs: number): readonly AuditEvent[] {
    const released: AuditEvent[] = [];
    for (const [key, flood] of this.#floods) {
      if (nowMs >= flood.endsAtMs) released.push(...this.#release(key, flood));
    }
    return released;
  }

  /** Whether there is anything to expire, now or later. */
  get isEmpty(): boolean {
    return this.#floods.size === 0;
  }

  /** What has to be known to go on from here. Windows that hold nothing back are part of it. */
  state(): FloodState {
    return [...this.#floods].map(([key, flood]) => [key, { ...flood }]);
  }

  #release(key: string, flood: Flood): readonly AuditEvent[] {
    this.#floods.delete(key);
    return flood.held === null ? [] : [flood.held];
  }
}
