import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds at first: a request waits for several turns. */
const SHORTEST_MS = 0.02;

/** The longest turn while no request comes, since each start costs time. */
const LONGEST_UNDISTURBED_MS = 0.05;

/** Turns grow to the longest in about twenty steps. */
const GROWTH = 1.05;

/** A shorter turn of the event loop had no request. */
const IDLE_TURN_MS = 0.02;

/** How long to wait for an idle turn; under load there is none. */
const PATIENCE_MS = 1;

/** Under load, the background gets this share of the time that it has waited. */
const SHARE_OF_REQUESTS = 0.25;

let allowedMs = SHORTEST_MS;

/** For work that others wait for. */
const AWAITED_MS = 2;

const tasks = new Set<() => void>();

/**
 * Runs a task before each continuation of the background. The task would otherwise wait behind the background, which is
 * earlier in line. @returns stops that
 */
export function runBeforeYield(task: () => void): () => void {
  tasks.add(task);
  return () => tasks.delete(task);
}

/** Splits background work into short turns of the event loop: `if (turn.isDue) await turn.yield()`. */
export class Turn {
  #beganAtTick = performance.now();

  /** @param isAwaited others wait, such as for locks: longer turns, and no wait for idle ones */
  constructor(private readonly isAwaited = false) {}

  /** This turn has lasted long enough. */
  get isDue(): boolean {
    return performance.now() - this.#beganAtTick >= (this.isAwaited ? AWAITED_MS : allowedMs);
  }

  /** Lets requests run until none is left or the background has waited long enough. */
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

/** Carries out background work in short turns. It must pause (`yield`) often. @returns its result */
export async function inTurns<Result>(work: Generator<unknown, Result>): Promise<Result> {
  const turn = new Turn();
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    if (turn.isDue) await turn.yield();
  }
}
