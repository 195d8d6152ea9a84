import { type InstantRefusal, LAST_INSTANT_MS, parseInstant } from './instant.js';
import { addMonths, type Maximum, offeredValidities, type Validity, validityMonths } from './validity.js';

/** At most one of the three; none means the maximum. */
export interface ExpiryAsked {
  readonly validity?: Validity | undefined;
  readonly expiresAt?: unknown;
  /** For the vendor's calls: up to the maximum. */
  readonly months?: number | undefined;
}

/** `contradictory`: more than one; `months`: an invalid number. */
export type ExpiryRefusal = InstantRefusal | 'past' | 'exceeds-max' | 'not-offered' | 'contradictory' | 'months';

export type ExpiryDecision =
  | { readonly ok: true; readonly expiresAtMs: number | null }
  | {
      readonly ok: false;
      readonly reason: ExpiryRefusal;
      readonly message: string;
      /** With `exceeds-max`. */
      readonly limitMonths?: number;
    };

/**
 * R28 to R30. Months are calendar months in UTC.
 * @param nowMs epoch milliseconds; store it as the creation, or the maximum may seem exceeded (R32)
 * @returns epoch milliseconds, null for never, or a refusal with a message for the creator
 */
export function decideExpiry(asked: ExpiryAsked, maximum: Maximum, nowMs: number): ExpiryDecision {
  const { validity, expiresAt, months } = asked;
  const given = Number(validity !== undefined) + Number(expiresAt !== undefined) + Number(months !== undefined);
  if (given > 1) {
    return refuse('contradictory', 'Give either a validity or an expiry, not both.');
  }
  if (expiresAt !== undefined) {
    return decideInstant(expiresAt, maximum, nowMs);
  }
  if (months !== undefined) {
    return decideMonths(months, maximum, nowMs);
  }
  return decideValidity(validity ?? maximum, maximum, nowMs);
}

function decideValidity(validity: Validity, maximum: Maximum, nowMs: number): ExpiryDecision {
  const months = validityMonths(validity);
  const limitMonths = validityMonths(maximum);
  const offered = offeredValidities(maximum);
  if (offered.includes(validity)) {
    return { ok: true, expiresAtMs: months === null ? null : addMonths(nowMs, months) };
  }
  if (limitMonths !== null && (months === null || months > limitMonths)) {
    return refuseBeyond(limitMonths);
  }
  return refuse('not-offered', `This validity is not offered here: choose ${offered.join(' or ')}, or give an expiry.`);
}

function decideMonths(months: number, maximum: Maximum, nowMs: number): ExpiryDecision {
  if (!Number.isSafeInteger(months) || months < 1) {
    return refuse('months', 'Give the validity as a whole number of months, 1 or more.');
  }
  const limitMonths = validityMonths(maximum);
  if (limitMonths !== null && months > limitMonths) {
    return refuseBeyond(limitMonths);
  }
  const expiresAtMs = addMonths(nowMs, months);
  // Not `>`: also refuses NaN.
  if (!(expiresAtMs <= LAST_INSTANT_MS)) {
    return refuse('months', 'Give fewer months: the expiry must be before the year 10000.');
  }
  return { ok: true, expiresAtMs };
}

function decideInstant(expiresAt: unknown, maximum: Maximum, nowMs: number): ExpiryDecision {
  const reading = parseInstant(expiresAt);
  if (!reading.ok) {
    return reading;
  }
  if (reading.instantMs <= nowMs) {
    return refuse('past', 'The expiry is in the past: give a time in the future.');
  }
  const limitMonths = validityMonths(maximum);
  if (limitMonths !== null && reading.instantMs > addMonths(nowMs, limitMonths)) {
    return refuseBeyond(limitMonths);
  }
  return { ok: true, expiresAtMs: reading.instantMs };
}

function refuse(reason: ExpiryRefusal, message: string): ExpiryDecision {
  return { ok: false, reason, message };
}

function refuseBeyond(limitMonths: number): ExpiryDecision {
  const unit = limitMonths === 1 ? 'month' : 'months';
  const message = `The expiry is after the maximum validity: it must be within the next ${limitMonths} ${unit}.`;
  return { ok: false, reason: 'exceeds-max', message, limitMonths };
}
