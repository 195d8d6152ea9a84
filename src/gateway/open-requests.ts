import { Injectable } from '@nestjs/common';
import type { Exchange } from '../common/access/exchange.js';

/**
 * Forwarded requests without a complete answer; recorded if the process ends first (R81). An array with reused places,
 * because V8 copies a growing Set, and old copies keep requests alive: 10 µs a request (ADR 49).
 */
@Injectable()
export class OpenRequests {
  readonly #places: (Exchange | null)[] = [];
  readonly #free: number[] = [];

  /** @returns the place for `remove` */
  add(exchange: Exchange): number {
    const place = this.#free.pop() ?? this.#places.length;
    this.#places[place] = exchange;
    return place;
  }

  /** Call this once for each place. */
  remove(place: number): void {
    this.#places[place] = null;
    this.#free.push(place);
  }

  /** These went upstream, where they may have had an effect. */
  get forwarded(): readonly Exchange[] {
    return this.#places.filter((exchange): exchange is Exchange => (exchange?.forwardedAtTick ?? null) !== null);
  }
}
