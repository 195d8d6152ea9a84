import { effectiveExpiry, type TokenLifetime, type ValidityPolicy } from './token-lifecycle.js';

const DAY_MS = 86_400_000;

export interface RemindedToken extends TokenLifetime {
  readonly revokedAt: Date | number | null;
  /** A rotation has made a successor, so its users know. */
  readonly isReplaced: boolean;
}

export interface DueReminder {
  /** The threshold: whole days before the end. */
  readonly days: number;
  /** The end of the token in epoch milliseconds. */
  readonly endMs: number;
}

/**
 * R98: the one reminder that is due. A token that is found late gets the nearest threshold alone, and a threshold
 * counts only if the token was made before it: nobody is reminded of an end that they have just chosen.
 * @param reminded the thresholds of the reminders that the token has had
 * @param days the thresholds of the settings
 * @param nowMs epoch milliseconds
 */
export function dueReminder(
  token: RemindedToken,
  reminded: readonly number[],
  days: readonly number[],
  policy: ValidityPolicy,
  nowMs: number,
): DueReminder | null {
  if (token.revokedAt !== null || token.isReplaced) return null;
  const endMs = effectiveExpiry(token, policy);
  if (endMs === null || nowMs >= endMs) return null;
  const reached = days.filter((threshold) => endMs - threshold * DAY_MS <= nowMs);
  if (reached.length === 0) return null;
  const nearest = Math.min(...reached);
  if (Number(token.createdAt) >= endMs - nearest * DAY_MS) return null;
  // A nearer threshold has been told already: the list of the settings has changed since.
  if (reminded.some((threshold) => threshold <= nearest)) return null;
  return { days: nearest, endMs };
}
