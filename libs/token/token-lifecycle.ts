import { addMonths, type Maximum, validityMonths } from './validity.js';

/** `suspended`: nothing is wrong with the token, but its owner may not use tokens at present (R25). */
export const TOKEN_STATUSES = ['active', 'expired', 'revoked', 'suspended'] as const;

export type TokenStatus = (typeof TOKEN_STATUSES)[number];

/** The administrator's rule on validity. */
export interface ValidityPolicy {
  readonly maximum: Maximum;
  /** Whether the maximum also shortens tokens that were made under a longer one. */
  readonly applyAtUse: boolean;
}

/** Numbers are epoch milliseconds. */
export interface TokenLifetime {
  readonly createdAt: Date | number;
  readonly expiresAt: Date | number | null;
}

/**
 * When the token stops being valid, in epoch milliseconds, or null if it never does. With `applyAtUse` this is the
 * earlier of its own expiry and its creation + the maximum (R32).
 */
export function effectiveExpiry(token: TokenLifetime, policy: ValidityPolicy): number | null {
  const own = token.expiresAt === null ? null : Number(token.expiresAt);
  const bound = policy.applyAtUse ? latestExpiry(token, policy) : null;
  if (own === null || bound === null) {
    return own ?? bound;
  }
  return Math.min(own, bound);
}

/**
 * Whether the token has expired: from the very instant of expiry on (R31).
 * @param nowMs epoch milliseconds
 */
export function isExpired(token: TokenLifetime, policy: ValidityPolicy, nowMs: number): boolean {
  const expiry = effectiveExpiry(token, policy);
  return expiry !== null && nowMs >= expiry;
}

/** Whether the token outlives its creation + the maximum, so that the list shows it as `exceedsPolicy` (R32). */
export function exceedsValidity(token: TokenLifetime, policy: ValidityPolicy): boolean {
  const bound = latestExpiry(token, policy);
  return bound !== null && (token.expiresAt === null || Number(token.expiresAt) > bound);
}

/**
 * The status that lists show. A revoked token stays revoked when it expires, and an expired one stays expired whatever
 * permissions its owner has.
 * @param ownerMayUse whether the owner holds the permission to use tokens now
 * @param nowMs epoch milliseconds
 */
export function tokenStatus(
  token: TokenLifetime & { readonly revokedAt: Date | number | null },
  policy: ValidityPolicy,
  ownerMayUse: boolean,
  nowMs: number,
): TokenStatus {
  if (token.revokedAt !== null) {
    return 'revoked';
  }
  if (isExpired(token, policy, nowMs)) {
    return 'expired';
  }
  return ownerMayUse ? 'active' : 'suspended';
}

/** The token's creation + the maximum in epoch milliseconds, or null without a bound. */
function latestExpiry(token: TokenLifetime, policy: ValidityPolicy): number | null {
  const months = validityMonths(policy.maximum);
  return months === null ? null : addMonths(Number(token.createdAt), months);
}
