import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long work in the background goes on before the requests get their turn: a request waits for several turns. */
const SHORTEST_MS = 0.05;

/** Where the turns of the requests are long, since there are many of them, the background keeps up with them. */
const SHARE_OF_REQUESTS = 0.25;

/** How long a turn of the background may be now. */
let allowedMs = SHORTEST_MS;

/** Work in the background that is done in many short turns of the event loop. */
export class Turn {
  #beganAtTick = performance.now();

  /** Lets the requests have their turn where this one has lasted long enough. Null where it has not. */
  rest(): Promise<void> | null {
    return performance.now() - this.#beganAtTick < allowedMs ? null : this.end();
  }

  /** Lets the requests have their turn. */
  async end(): Promise<void> {
    const endedAtTick = performance.now();
    await nextTurn();
    this.#beganAtTick = performance.now();
    allowedMs = Math.max(SHORTEST_MS, (this.#beganAtTick - endedAtTick) * SHARE_OF_REQUESTS);
  }
}
