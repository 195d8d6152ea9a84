/** A worker that has served for this long did not die because of its start. */
export const STEADY_AFTER_MS = 60_000;

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 30_000;

/** Very short at first, and twice as long each time. @param deaths in a row, without serving for a while */
export function restartDelayMs(deaths: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.max(0, deaths - 1));
}
