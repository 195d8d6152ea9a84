import { setTimeout as pause } from 'node:timers/promises';

/**
 * Waits in small steps, so that what came meanwhile is handled before what follows, also where this process could not
 * run for a while.
 */
export async function pauseInSteps(ms: number): Promise<void> {
  for (let step = 0; step < 10; step += 1) await pause(ms / 10);
}

/** Waits for a state. @throws Error with the code of the condition, if it stays false */
export async function until(isTrue: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const endsAt = Date.now() + timeoutMs;
  while (!(await isTrue())) {
    if (Date.now() > endsAt) throw new Error(`This is still false after ${timeoutMs} ms: ${String(isTrue)}`);
    await pause(5);
  }
}
