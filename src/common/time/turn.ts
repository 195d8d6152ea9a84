import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long a background turn is at first: a request waits for several of them. */
const SHORTEST_MS = 0.02;

/** The longest turn if no request comes between: starting a turn costs something, too. */
const LONGEST_UNDISTURBED_MS = 0.05;

/** The factor by which turns grow: it takes some twenty in a row. */
const GROWTH = 1.05;

/** A turn of the event loop that took no longer had no request in it. */
const IDLE_TURN_MS = 0.02;

/** How long the background waits for an idle turn; under load there is none. */
const PATIENCE_MS = 1;

/** Under load, the background gets this share of the time that it has waited. */
const SHARE_OF_REQUESTS = 0.25;

/** How long a background turn may be now. */
let allowedMs = SHORTEST_MS;

/** How long a turn of work is that others wait for. */
const AWAITED_MS = 2;

const tasks = new Set<() => void>();

/**
 * Runs a task each time before the background goes on: work that is due anyway when the requests have had their turn,
 * and would wait behind the background, which has asked for its turn earlier.
 * @returns stops that
 */
export function runBeforeYield(task: () => void): () => void {
  tasks.add(task);
  return () => tasks.delete(task);
}

/** Splits background work into many short turns of the event loop: `if (turn.isDue) await turn.yield()`. */
export class Turn {
  #beganAtTick = performance.now();

  /**
   * @param isAwaited others wait for the work, for example for the locks of a transaction: its turns are longer, and it
   * does not wait for an idle turn between them
   */
  constructor(private readonly isAwaited = false) {}

  /** Whether this turn has lasted long enough. */
  get isDue(): boolean {
    return performance.now() - this.#beganAtTick >= (this.isAwaited ? AWAITED_MS : allowedMs);
  }

  /** Lets requests run until none is left, or the background has waited long enough; then a new turn begins. */
  async yield(): Promise<void> {
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
      for (const task of tasks) task();
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
