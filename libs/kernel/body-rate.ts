/** The least speed of a body, in bytes per second (R112). */
export const MIN_BODY_BYTES_PER_SECOND = 64;

/** Milliseconds over which the speed is measured (R112). */
export const BODY_RATE_WINDOW_MS = 10_000;

/** The sender only holds on to the connection (R112). @param elapsedMs less than a whole window is never too slow */
export function isBodyTooSlow(bytes: number, elapsedMs: number): boolean {
  return elapsedMs >= BODY_RATE_WINDOW_MS && bytes * 1_000 < MIN_BODY_BYTES_PER_SECOND * elapsedMs;
}
