import type { Leftovers } from './common/stop/stop-sequence.js';

export interface Stoppable {
  /** @returns what is left unfinished; empty if everything ended normally */
  run(): Promise<Leftovers>;
  /** Closes the listeners at once. Requests under way still get their time. */
  skipDraining(): void;
}

/** Stops what runs in this process, once, and exits. */
export class ProcessStop {
  #stoppable: Stoppable | null = null;
  #isStopping = false;

  get isStopping(): boolean {
    return this.#isStopping;
  }

  set(stoppable: Stoppable): void {
    this.#stoppable = stoppable;
  }

  begin(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    if (this.#stoppable === null) process.exit(0);
    void this.#stoppable.run().then(exitAfterStop, exitAfterFailedStop);
  }

  skipDraining(): void {
    this.#stoppable?.skipDraining();
  }
}

/** Exits with 0 if nothing is left, else with 1 and one line that names what is left. */
function exitAfterStop(leftovers: Leftovers): never {
  if (leftovers.length === 0) process.exit(0);
  process.stderr.write(`Scopegate could not stop cleanly. Left: ${leftovers.join('; ')}.\n`);
  process.exit(1);
}

function exitAfterFailedStop(error: unknown): never {
  process.stderr.write(`Scopegate could not stop cleanly: ${String(error)}\n`);
  process.exit(1);
}
