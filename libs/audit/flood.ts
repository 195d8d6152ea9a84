import type { AuditEvent } from './event-fields.js';

/** Identical failures within this window are counted together. */
export const FLOOD_WINDOW_MS = 60_000;

/** The first failures of a window are stored one by one; the rest becomes one event with a count. */
export const FLOOD_SINGLES = 10;

/**
 * The most kinds of failures that are counted at a time. A new one replaces the one that has been quiet for longest. The
 * state is stored with every batch, so it must not grow with the names that an attacker makes up.
 */
export const MAX_FLOODS = 500;

/** The failures of one kind within one window. */
interface Flood {
  readonly endsAtMs: number;
  singles: number;
  /** The eleventh, whose count includes all that follow it. */
  held: AuditEvent | null;
}

/** The state of a collapser, stored with the position in the journal that it belongs to. */
export type FloodState = readonly (readonly [key: string, flood: Readonly<Flood>])[];

/** The events that a state holds back, with their counts so far. */
export function heldEvents(state: FloodState): readonly AuditEvent[] {
  return state.map(([, flood]) => flood.held).filter((held) => held !== null);
}

/**
 * Collapses repeated identical failures (same code, address, user and application), so that an attacker cannot fill the
 * database. The result depends only on the events, so reading them again gives the same one. Every count is exact.
 */
export class FloodCollapser {
  /** In the order of their last additions. */
  readonly #floods: Map<string, Flood>;

  constructor(state: FloodState = []) {
    this.#floods = new Map(state.map(([key, flood]) => [key, { ...flood }]));
  }

  /** Adds an event. @returns the events to store now, in order */
  take(event: AuditEvent): readonly AuditEvent[] {
    if (event.outcome !== 'failed') return [event];
    const key = JSON.stringify([event.code, event.clientIp, event.actor, event.application]);
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

  /** Ends the windows that are over at this instant. No older event may be added afterwards. @returns their events */
  expire(nowMs: number): readonly AuditEvent[] {
    const released: AuditEvent[] = [];
    for (const [key, flood] of this.#floods) {
      if (isOutside(flood, nowMs)) released.push(...this.#release(key, flood));
    }
    return released;
  }

  /** Ends all windows, if no more events will come. @returns their events */
  finish(): readonly AuditEvent[] {
    return this.expire(Number.POSITIVE_INFINITY);
  }

  get isEmpty(): boolean {
    return this.#floods.size === 0;
  }

  /** The state to continue from, including windows that hold nothing back. */
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
 * Whether this instant is outside a window. The window is over, or lies in the future, because the clock was wrong when it
 * began and has been set back. Small steps back are normal: events can overtake each other.
 */
function isOutside(flood: Flood, atMs: number): boolean {
  return atMs >= flood.endsAtMs || atMs < flood.endsAtMs - 2 * FLOOD_WINDOW_MS;
}
