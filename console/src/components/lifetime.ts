/** From then on the end of a token deserves a look: not earlier, for a new token often lasts a month. */
const SOON_MS = 7 * 86_400_000;
const VERY_SOON_MS = 86_400_000;

export interface Lifetime {
  /** What is left of it, from 0 to 1. */
  readonly left: number;
  readonly urgency: 'none' | 'soon' | 'very-soon' | 'over';
}

/** @param expiresAt ISO 8601; null: it never ends */
export function lifetimeOf(createdAt: string, expiresAt: string | null, nowMs = Date.now()): Lifetime {
  if (expiresAt === null) return { left: 1, urgency: 'none' };
  const fromMs = Date.parse(createdAt);
  const toMs = Date.parse(expiresAt);
  const leftMs = toMs - nowMs;
  if (leftMs <= 0) return { left: 0, urgency: 'over' };
  const left = Math.min(1, leftMs / Math.max(1, toMs - fromMs));
  if (leftMs <= VERY_SOON_MS) return { left, urgency: 'very-soon' };
  return { left, urgency: leftMs <= SOON_MS ? 'soon' : 'none' };
}
