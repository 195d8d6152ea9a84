import type { AuditEvent } from './event-fields.js';

/** Identical failures are told apart for so long, and then begin to count anew. */
export const FLOOD_WINDOW_MS = 60_000;

/** So many of them are stored one by one; the rest of the window is one event with a count. */
export const FLOOD_SINGLES = 10;

/**
 * So many kinds of failures are followed at a time; the one that has been quiet for longest makes room for a new one.
 * The state is stored with every batch, so it must not grow with the names an attacker makes up.
 */
export const MAX_FLOODS = 500;

/** The failures of one kind within one window. */
interface Flood {
  readonly endsAtMs: number;
  singles: number;
  /** The eleventh, which stands for all that follow it. */
  held: AuditEvent | null;
}

/** The state of a collapser, to be stored with the position it belongs to. */
export type FloodState = readonly (readonly [key: string, flood: Readonly<Flood>])[];

/** The events that a stored state holds back, as they would be stored now. */
export function heldEvents(state: FloodState): readonly AuditEvent[] {
  return state.map(([, flood]) => flood.held).filter((held) => held !== null);
}

/**
 * Collapses repeated identical failures (same code, address and user), so that an attacker cannot fill the database.
 * It depends on the events alone, so reading the same events again gives the same result; every count is exact.
 */
export class FloodCollapser {
  /** In the order in which they were last added to. */
  readonly #floods: Map<string, Flood>;

  constructor(state: FloodState = []) {
    this.#floods = new Map(state.map(([key, flood]) => [key, { ...flood }]));
  }

  /** Takes an event in; answers those that are to be stored now, in their order. */
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

  /** The events whose window is over by now; nothing older than this instant may be taken in afterwards. */
  expire(nowMs: number): readonly AuditEvent[] {
    const released: AuditEvent[] = [];
    for (const [key, flood] of this.#floods) {
      if (isOutside(flood, nowMs)) released.push(...this.#release(key, flood));
    }
    return released;
  }

  /** Every event that is held back, where nothing more will come; all windows end. */
  finish(): readonly AuditEvent[] {
    return this.expire(Number.POSITIVE_INFINITY);
  }

  /** Whether there is anything to expire, now or later. */
  get isEmpty(): boolean {
    return this.#floods.size === 0;
  }

  /** What has to be known to go on from here. Windows that hold nothing back are part of it. */
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
 * Whether a window does not hold at this instant: it is over, or lies ahead, since it was begun by a clock that was
 * wrong and has been set back. Small steps back are those of events that overtake each other.
 */
function isOutside(flood: Flood, atMs: number): boolean {
  return atMs >= flood.endsAtMs || atMs < flood.endsAtMs - 2 * FLOOD_WINDOW_MS;
}
