import type { Leftovers } from './common/stop/stop.sequence.js';

/** Ends the process after a stop: with 0 in good order, else with 1 and one line that says what had to be left. */
export function exitAfterStop(leftovers: Leftovers): never {
  if (leftovers.length === 0) process.exit(0);
  process.stderr.write(`Scopegate could not stop cleanly. Left: ${leftovers.join('; ')}.\n`);
  process.exit(1);
}

/** Ends the process where the stop itself went wrong. */
export function exitAfterFailedStop(error: unknown): never {
  process.stderr.write(`Scopegate could not stop cleanly: ${String(error)}\n`);
  process.exit(1);
}
