import { Injectable } from '@nestjs/common';
import type { Exchange } from '../common/access/exchange.js';

/**
 * The forwarded requests whose answer has not ended. Where the process ends first, they are recorded then (R81).
 *
 * An array whose places are used again, and no set: V8 copies a growing set, and an old copy keeps finished requests
 * alive until the next full collection. That cost 10 µs a request (ADR 49).
 */
@Injectable()
export class OpenRequests {
  readonly #places: (Exchange | null)[] = [];
  readonly #free: number[] = [];

  /** @returns its place, for `remove` */
  add(exchange: Exchange): number {
    const place = this.#free.pop() ?? this.#places.length;
    this.#places[place] = exchange;
    return place;
  }

  /** Called once for a place. */
  remove(place: number): void {
    this.#places[place] = null;
    this.#free.push(place);
  }

  /** Those that have gone upstream: what they asked for may have happened. */
  get forwarded(): readonly Exchange[] {
    return this.#places.filter((exchange): exchange is Exchange => (exchange?.forwardedAtTick ?? null) !== null);
  }
}
