/** The least a body may bring, in bytes a second (R112). */
export const MIN_BODY_BYTES_PER_SECOND = 64;

/** The time over which the rate of a body is measured, in milliseconds (R112). */
export const BODY_RATE_WINDOW_MS = 10_000;

/**
 * Whether a body comes so slowly that its sender only holds on to the connection (R112).
 * @param bytes what has arrived in the time that is looked at
 * @param elapsedMs how long that time is; nothing is said about less than a whole window
 */
export function isBodyTooSlow(bytes: number, elapsedMs: number): boolean {
  return elapsedMs >= BODY_RATE_WINDOW_MS && bytes * 1_000 < MIN_BODY_BYTES_PER_SECOND * elapsedMs;
}
