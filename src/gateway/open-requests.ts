import { Injectable } from '@nestjs/common';
import type { ProtectedApplication } from '../applications/application.js';
import type { RequestIdentity } from '../identity/upstream-identity.js';
import type { Exchange } from '../common/access/exchange.js';
import type { EndCause } from './upgraded-connection.js';

export interface OpenRequest {
  readonly exchange: Exchange;
  /** As it was when the request was sent. */
  readonly application: ProtectedApplication;
  /** With which it went upstream (R70). */
  readonly credential: RequestIdentity['credential'];
  /** The head of the answer has left, or the connection has been switched. */
  readonly isAnswering: boolean;
  /** Breaks the answer off. */
  cut(cause: EndCause): void;
}

/**
 * Forwarded requests without a complete answer; recorded if the process ends first (R81). An array with reused places,
 * because V8 copies a growing Set, and old copies keep requests alive: 10 µs a request (ADR 49).
 */
@Injectable()
export class OpenRequests {
  readonly #places: (OpenRequest | null)[] = [];
  readonly #free: number[] = [];

  /** @returns the place for `remove` */
  add(request: OpenRequest): number {
    const place = this.#free.pop() ?? this.#places.length;
    this.#places[place] = request;
    return place;
  }

  /** Call this once for each place. */
  remove(place: number): void {
    this.#places[place] = null;
    this.#free.push(place);
  }

  /** These went upstream, where they may have had an effect. */
  get forwarded(): readonly OpenRequest[] {
    return this.#places.filter((open): open is OpenRequest => (open?.exchange.forwardedAtTick ?? null) !== null);
  }
}
