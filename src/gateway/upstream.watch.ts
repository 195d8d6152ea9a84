import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

/** How often it is looked whether somebody waits for too long. */
export const SWEEP_INTERVAL_MS = 250;

/** Somebody who waits for an upstream. */
export interface Waiting {
  /** Called in every sweep, until the wait is over. */
  onSweep(): void;
  /** Called where the process ends before the wait does: what has gone upstream is recorded then (R81). */
  onProcessEnd(): void;
}

/**
 * Watches all who wait for an upstream, together: a timer for each would be made and thrown away several times a request.
 * Time is counted in sweeps, so that noting that something has moved reads no clock. A wait is ended no earlier than its
 * limit, and at most half a second later.
 */
@Injectable()
export class UpstreamWatch implements OnApplicationShutdown {
  /**
   * Those who wait, each at its place, and the places that are free. A set would be copied again and again, and a copy
   * that has grown old keeps everybody alive who was in it.
   */
  readonly #places: (Waiting | null)[] = [];
  readonly #free: number[] = [];
  #sweeps = 0;
  readonly #timer = setInterval(() => {
    this.#sweeps += 1;
    for (const one of this.#places) one?.onSweep();
  }, SWEEP_INTERVAL_MS).unref();

  /** The number of sweeps so far. */
  get sweeps(): number {
    return this.#sweeps;
  }

  /** Whether a wait that began, or last moved, at a number of sweeps has lasted for so long. */
  hasLasted(sinceSweeps: number, limitMs: number): boolean {
    // The sweep that follows may come at once.
    return (this.#sweeps - sinceSweeps - 1) * SWEEP_INTERVAL_MS >= limitMs;
  }

  /** @returns the place of the one who waits, by which the watch is ended */
  begin(one: Waiting): number {
    const place = this.#free.pop() ?? this.#places.length;
    this.#places[place] = one;
    return place;
  }

  /** Ends a watch, once. */
  end(place: number): void {
    this.#places[place] = null;
    this.#free.push(place);
  }

  /** Tells all who still wait that the process ends. */
  tellOfProcessEnd(): void {
    for (const one of this.#places) one?.onProcessEnd();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#timer);
  }
}
