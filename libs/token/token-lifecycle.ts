import { addMonths, type Maximum, validityMonths } from './validity.js';

/** `suspended`: the owner may not use tokens at present (R25). */
export const TOKEN_STATUSES = ['active', 'expired', 'revoked', 'suspended'] as const;

export type TokenStatus = (typeof TOKEN_STATUSES)[number];

export interface ValidityPolicy {
  readonly maximum: Maximum;
  /** The maximum also shortens older tokens. */
  readonly applyAtUse: boolean;
}

/** Epoch milliseconds. */
export interface TokenLifetime {
  readonly createdAt: Date | number;
  readonly expiresAt: Date | number | null;
}

/** Epoch milliseconds; null: never. With `applyAtUse`: at most creation + maximum (R32). */
export function effectiveExpiry(token: TokenLifetime, policy: ValidityPolicy): number | null {
  const own = token.expiresAt === null ? null : Number(token.expiresAt);
  const bound = policy.applyAtUse ? latestExpiry(token, policy) : null;
  if (own === null || bound === null) {
    return own ?? bound;
  }
  return Math.min(own, bound);
}

/** From the instant of expiry on (R31). @param nowMs epoch milliseconds */
export function isExpired(token: TokenLifetime, policy: ValidityPolicy, nowMs: number): boolean {
  const expiry = effectiveExpiry(token, policy);
  return expiry !== null && nowMs >= expiry;
}

const NEAR_END_MS = 14 * 86_400_000;

/** R123: the end, if it is at most 14 days away; otherwise null. @param nowMs epoch milliseconds */
export function nearEnd(token: TokenLifetime, policy: ValidityPolicy, nowMs: number): number | null {
  const expiry = effectiveExpiry(token, policy);
  return expiry !== null && expiry - nowMs <= NEAR_END_MS ? expiry : null;
}

/** R32: outlives creation + maximum; lists show `exceedsPolicy`. */
export function exceedsValidity(token: TokenLifetime, policy: ValidityPolicy): boolean {
  const bound = latestExpiry(token, policy);
  return bound !== null && (token.expiresAt === null || Number(token.expiresAt) > bound);
}

/**
 * For lists. Revoked stays revoked after expiry, and expired stays expired whatever the owner may do.
 * @param ownerMayUse holds the permission to use tokens now
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

function latestExpiry(token: TokenLifetime, policy: ValidityPolicy): number | null {
  const months = validityMonths(policy.maximum);
  return months === null ? null : addMonths(Number(token.createdAt), months);
}
