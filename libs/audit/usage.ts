import { createHash } from 'node:crypto';

/** What the counts of events are kept by, beside the day. */
export const USAGE_KEYS = [
  'type',
  'outcome',
  'code',
  'user',
  'isProven',
  'tokenId',
  'application',
  'credential',
  'door',
] as const;

export interface UsageKeys {
  readonly type: string;
  readonly outcome: string;
  readonly code: string | null;
  /** In the form of `userNameKey`. */
  readonly user: string | null;
  /** See `provenUserOf`. */
  readonly isProven: boolean;
  readonly tokenId: string | null;
  readonly application: string | null;
  readonly credential: string | null;
  readonly door: string | null;
}

/** The columns of an event that its keys come from. */
export type UsageSource = Omit<UsageKeys, 'user' | 'isProven'> & {
  readonly actorKey: string | null;
  readonly ownerKey: string | null;
};

export const DAY_MS = 86_400_000;

/** Days whose counts stand in one row: the same keys come back on most days, and the oldest days leave one by one. */
export const BLOCK_DAYS = 32;

/** Enough against collisions: 128 bits. */
const DIGEST_LENGTH = 22;

const BLOCK_DIGITS = 7;

/** The day of an instant, in UTC: days since the epoch. */
export function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS);
}

/** Blocks since the epoch. */
export function blockOf(day: number): number {
  return Math.floor(day / BLOCK_DAYS);
}

/**
 * The user whose credential a request has proven (R101): the owner of the token, or who is logged in at the management
 * API. Anybody can send the name of another user with a wrong secret, or with a password that only the application
 * judges. Null for changes.
 */
export function provenUserOf(event: UsageSource): string | null {
  if (event.outcome === 'changed') return null;
  if (event.ownerKey !== null) return event.ownerKey;
  const isLoggedIn =
    event.application === null &&
    event.door === null &&
    (event.outcome === 'allowed' || event.type === 'permission.denied');
  return isLoggedIn ? event.actorKey : null;
}

/**
 * A request counts for the owner of its token, or for the user that it names; a change for who made it. An empty name
 * names nobody.
 */
export function usageKeysOf(event: UsageSource): UsageKeys {
  const { type, outcome, code, tokenId, application, credential, door } = event;
  const proven = provenUserOf(event);
  const name = proven ?? event.actorKey;
  const user = name === '' ? null : name;
  return { type, outcome, code, user, isProven: proven !== null, tokenId, application, credential, door };
}

/** Ids begin with their block: a range of blocks is a range of ids. */
export function usageId(block: number, keys: UsageKeys): string {
  const text = JSON.stringify(USAGE_KEYS.map((key) => keys[key]));
  return usageBlockBound(block) + createHash('sha256').update(text).digest('base64url').slice(0, DIGEST_LENGTH);
}

/** Less than every id of this block, greater than those of the block before. */
export function usageBlockBound(block: number): string {
  return String(Math.max(0, block)).padStart(BLOCK_DIGITS, '0');
}
