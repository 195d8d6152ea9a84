import { setTimeout as pause } from 'node:timers/promises';

/** Waits for a state. @throws Error with the code of the condition, if it stays false */
export async function until(isTrue: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const endsAt = Date.now() + timeoutMs;
  while (!(await isTrue())) {
    if (Date.now() > endsAt) throw new Error(`This is still false after ${timeoutMs} ms: ${String(isTrue)}`);
    await pause(5);
  }
}
