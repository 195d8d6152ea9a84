const DAY_MS = 86_400_000;

/** A key is replaced when it is this old. */
export const KEY_LIFE_MS = 30 * DAY_MS;

/**
 * A new key is published this long before it signs, and an old one this long after it last signed. So an upstream may
 * keep the published keys for a day.
 */
export const KEY_OVERLAP_MS = DAY_MS;

export interface AgedKey {
  /** Counts the keys from 1. */
  readonly generation: number;
  readonly createdAtMs: number;
}

/** The newest key that was published long enough; else the oldest, such as the first of all. Null without a key. */
export function signingKeyAt<Key extends AgedKey>(keys: readonly Key[], nowMs: number): Key | null {
  const sorted = oldestFirst(keys);
  return sorted.findLast((key) => key.createdAtMs + KEY_OVERLAP_MS <= nowMs) ?? sorted[0] ?? null;
}

/** Whether it is time to make a key. */
export function isKeyDue(keys: readonly AgedKey[], nowMs: number): boolean {
  const newest = oldestFirst(keys).at(-1);
  return newest === undefined || newest.createdAtMs + KEY_LIFE_MS <= nowMs;
}

/** Keys whose last assertion ended long ago. */
export function retiredKeys<Key extends AgedKey>(keys: readonly Key[], nowMs: number): readonly Key[] {
  const sorted = oldestFirst(keys);
  // It began to sign one overlap after it was made; another one later, the keys before it can go.
  const successor = sorted.findLastIndex((key) => key.createdAtMs + 2 * KEY_OVERLAP_MS <= nowMs);
  return sorted.slice(0, Math.max(successor, 0));
}

function oldestFirst<Key extends AgedKey>(keys: readonly Key[]): readonly Key[] {
  return keys.toSorted((one, other) => one.generation - other.generation);
}
