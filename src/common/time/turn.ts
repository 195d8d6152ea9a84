import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long a turn of the background is at first: a request waits for several turns. */
const SHORTEST_MS = 0.02;

/** Where no request comes between its turns, they grow up to this: beginning one is not for nothing, either. */
const LONGEST_UNDISTURBED_MS = 0.05;

/** By how much they grow, each time: it takes some twenty in a row. */
const GROWTH = 1.05;

/** A turn of the event loop that took no longer had no request in it. */
const IDLE_TURN_MS = 0.02;

/** How long the background waits for such a turn; where there are many requests, there is none. */
const PATIENCE_MS = 1;

/** Where the requests leave no turn idle, the background keeps up with them. */
const SHARE_OF_REQUESTS = 0.25;

/** How long a turn of the background may be now. */
let allowedMs = SHORTEST_MS;

/** How long a turn is of work that others wait for. */
const AWAITED_MS = 2;

const dueBefore = new Set<() => void>();

/**
 * Has something done before each turn of the background: what is due at the end of a turn of the requests anyway, and
 * would wait behind the background, which has asked for its turn earlier.
 * @returns ends that
 */
export function doBeforeBackground(task: () => void): () => void {
  dueBefore.add(task);
  return () => dueBefore.delete(task);
}

/** Work in the background that is done in many short turns of the event loop, while no request needs it. */
export class Turn {
  #beganAtTick = performance.now();

  /**
   * @param isAwaited others wait for the work, as for the locks of a transaction: its turns are longer, and it does not wait
   * for an idle one between them
   */
  constructor(private readonly isAwaited = false) {}

  /** Lets the requests have their turn where this one has lasted long enough. Null where it has not. */
  rest(): Promise<void> | null {
    return performance.now() - this.#beganAtTick < (this.isAwaited ? AWAITED_MS : allowedMs) ? null : this.end();
  }

  /** Lets the requests have their turns, until there are none or the background has waited for long enough. */
  async end(): Promise<void> {
    if (this.isAwaited) {
      await nextTurn();
      this.#beganAtTick = performance.now();
      return;
    }
    const endedAtTick = performance.now();
    let isIdle = false;
    let turns = 0;
    this.#beganAtTick = endedAtTick;
    while (!isIdle && this.#beganAtTick - endedAtTick < PATIENCE_MS) {
      const turnBeganAtTick = this.#beganAtTick;
      await nextTurn();
      for (const task of dueBefore) task();
      this.#beganAtTick = performance.now();
      isIdle = this.#beganAtTick - turnBeganAtTick < IDLE_TURN_MS;
      turns += 1;
    }
    allowedMs =
      isIdle && turns === 1
        ? Math.min(LONGEST_UNDISTURBED_MS, allowedMs * GROWTH)
        : Math.max(SHORTEST_MS, (this.#beganAtTick - endedAtTick) * SHARE_OF_REQUESTS);
  }
}
