import type { AuditEvent } from './event-fields.js';

/** Identical failures within this window are counted together. */
export const FLOOD_WINDOW_MS = 60_000;

/** The first failures of a window are stored singly; the others become one event with a count. */
export const FLOOD_SINGLES = 10;

/**
 * The most kinds of failures counted at a time: the state is stored with every batch, so an attacker must not make it
 * grow.
 */
export const MAX_FLOODS = 500;

interface Flood {
  readonly endsAtMs: number;
  singles: number;
  /** The eleventh failure; its count includes all later ones. */
  held: AuditEvent | null;
}

/** Stored with the journal position that it belongs to. */
export type FloodState = readonly (readonly [key: string, flood: Readonly<Flood>])[];

export function heldEvents(state: FloodState): readonly AuditEvent[] {
  return state.map(([, flood]) => flood.held).filter((held) => held !== null);
}

/**
 * Merges repeated identical failures (code, address, user, application, door): an attacker cannot fill the database. The same
 * events always give the same result, and every count is exact.
 */
export class FloodCollapser {
  readonly #floods: Map<string, Flood>;

  constructor(state: FloodState = []) {
    this.#floods = new Map(state.map(([key, flood]) => [key, { ...flood }]));
  }

  /** @returns the events to store now, in order */
  take(event: AuditEvent): readonly AuditEvent[] {
    if (event.outcome !== 'failed') return [event];
    const key = JSON.stringify([event.code, event.clientIp, event.actor, event.application, event.door]);
    const flood = this.#floods.get(key);
    const isOver = flood !== undefined && isOutside(flood, event.atMs);
    const released = isOver ? this.#release(key, flood) : [];
    if (flood === undefined || isOver) {
      if (this.#floods.size >= MAX_FLOODS) released.push(...this.#releaseQuietest());
      this.#floods.set(key, { endsAtMs: event.atMs + FLOOD_WINDOW_MS, singles: 1, held: null });
      return [...released, event];
    }
    this.#floods.delete(key);
    this.#floods.set(key, flood);
    if (flood.singles < FLOOD_SINGLES) {
      flood.singles += 1;
      return [event];
    }
    flood.held = flood.held === null ? event : { ...flood.held, count: flood.held.count + event.count };
    return [];
  }

  /** Ends the windows that are over. No older event may follow. @returns their events */
  expire(nowMs: number): readonly AuditEvent[] {
    const released: AuditEvent[] = [];
    for (const [key, flood] of this.#floods) {
      if (isOutside(flood, nowMs)) released.push(...this.#release(key, flood));
    }
    return released;
  }

  /** Ends all windows. @returns their events */
  finish(): readonly AuditEvent[] {
    return this.expire(Number.POSITIVE_INFINITY);
  }

  get isEmpty(): boolean {
    return this.#floods.size === 0;
  }

  /** Includes windows that hold nothing back. */
  state(): FloodState {
    return [...this.#floods].map(([key, flood]) => [key, { ...flood }]);
  }

  #releaseQuietest(): AuditEvent[] {
    for (const [key, flood] of this.#floods) return this.#release(key, flood);
    return [];
  }

  #release(key: string, flood: Flood): AuditEvent[] {
    this.#floods.delete(key);
    return flood.held === null ? [] : [flood.held];
  }
}

/**
 * A window in the future is over, too: the clock was wrong and has been set back. Events may overtake each other a
 * little.
 */
function isOutside(flood: Flood, atMs: number): boolean {
  return atMs >= flood.endsAtMs || atMs < flood.endsAtMs - 2 * FLOOD_WINDOW_MS;
}
