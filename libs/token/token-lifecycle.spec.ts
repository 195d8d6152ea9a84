import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideExpiry } from './expiry.js';
import {
  effectiveExpiry,
  exceedsValidity,
  isExpired,
  nearEnd,
  tokenStatus,
  type ValidityPolicy,
} from './token-lifecycle.js';
import { VALIDITIES } from './validity.js';

const at = (text: string): number => new Date(text).getTime();
const CREATED_MS = at('2026-08-31T12:00:00.000Z');
const HALF_YEAR_MS = at('2027-02-28T12:00:00.000Z');
const YEAR_MS = at('2027-08-31T12:00:00.000Z');

const unbounded: ValidityPolicy = { maximum: 'never', applyAtUse: false };
const lowered: ValidityPolicy = { maximum: 'P6M', applyAtUse: false };
const loweredAtUse: ValidityPolicy = { maximum: 'P6M', applyAtUse: true };

describe('isExpired', () => {
  it('R31: a token is good until the millisecond before its expiry, and expired from the instant on', () => {
    const token = { createdAt: CREATED_MS, expiresAt: YEAR_MS };
    expect(isExpired(token, unbounded, YEAR_MS - 1)).toBe(false);
    expect(isExpired(token, unbounded, YEAR_MS)).toBe(true);
    expect(isExpired(token, unbounded, YEAR_MS + 1)).toBe(true);
  });

  it('R31: dates are read like epoch milliseconds', () => {
    const token = { createdAt: new Date(CREATED_MS), expiresAt: new Date(YEAR_MS) };
    expect(isExpired(token, loweredAtUse, HALF_YEAR_MS - 1)).toBe(false);
    expect(isExpired(token, loweredAtUse, HALF_YEAR_MS)).toBe(true);
  });

  it('R31: a token without expiry never expires', () => {
    expect(isExpired({ createdAt: CREATED_MS, expiresAt: null }, unbounded, Number.MAX_SAFE_INTEGER)).toBe(false);
  });
});

describe('nearEnd', () => {
  const FORTNIGHT_MS = 14 * 86_400_000;
  const token = { createdAt: CREATED_MS, expiresAt: YEAR_MS };

  it('R123: the end counts as near from 14 days before it', () => {
    expect(nearEnd(token, unbounded, YEAR_MS - FORTNIGHT_MS - 1)).toBeNull();
    expect(nearEnd(token, unbounded, YEAR_MS - FORTNIGHT_MS)).toBe(YEAR_MS);
    expect(nearEnd(token, unbounded, YEAR_MS - 1)).toBe(YEAR_MS);
  });

  it('R123: it is the end that the rules of today give, not the stored one', () => {
    expect(nearEnd(token, loweredAtUse, HALF_YEAR_MS - 1)).toBe(HALF_YEAR_MS);
    expect(nearEnd({ ...token, expiresAt: null }, unbounded, YEAR_MS)).toBeNull();
  });
});

describe('effectiveExpiry', () => {
  it.each([
    ['a lowered maximum leaves existing tokens as they are', YEAR_MS, lowered, YEAR_MS],
    ['applied at use, the maximum shortens a longer token', YEAR_MS, loweredAtUse, HALF_YEAR_MS],
    ['applied at use, the maximum bounds a token without expiry', null, loweredAtUse, HALF_YEAR_MS],
    ['applied at use, the maximum does not lengthen a shorter token', CREATED_MS + 1, loweredAtUse, CREATED_MS + 1],
    ['without a maximum there is nothing to apply', null, { maximum: 'never', applyAtUse: true } as const, null],
  ])('R32: %s', (_name, expiresAt, policy, expected) => {
    expect(effectiveExpiry({ createdAt: CREATED_MS, expiresAt }, policy)).toBe(expected);
  });
});

describe('exceedsValidity', () => {
  it.each([
    ['at its creation + the maximum', HALF_YEAR_MS, false],
    ['a millisecond later', HALF_YEAR_MS + 1, true],
    ['never', null, true],
  ])('R32: a token that expires %s is listed: %s', (_name, expiresAt, exceeds) => {
    for (const policy of [lowered, loweredAtUse]) {
      expect(exceedsValidity({ createdAt: CREATED_MS, expiresAt }, policy)).toBe(exceeds);
    }
  });

  it('R32: without a maximum nothing exceeds it', () => {
    expect(exceedsValidity({ createdAt: CREATED_MS, expiresAt: null }, unbounded)).toBe(false);
  });

  it('R32: a token never exceeds the maximum it was created under', () => {
    const instant = fc.integer({ min: 0, max: at('2500-01-01T00:00:00.000Z') });
    fc.assert(
      fc.property(instant, fc.constantFrom(...VALIDITIES), (createdAt, maximum) => {
        const decision = decideExpiry({}, maximum, createdAt);
        expect(decision.ok && exceedsValidity({ createdAt, expiresAt: decision.expiresAtMs }, lowered)).toBe(
          maximum === 'P1Y' || maximum === 'P2Y' || maximum === 'never',
        );
        expect(
          decision.ok &&
            exceedsValidity({ createdAt, expiresAt: decision.expiresAtMs }, { maximum, applyAtUse: false }),
        ).toBe(false);
      }),
    );
  });
});

describe('tokenStatus', () => {
  const token = { createdAt: CREATED_MS, expiresAt: YEAR_MS, revokedAt: null };
  const revoked = { ...token, revokedAt: CREATED_MS + 1 };

  it('R25: a token whose owner may not use tokens is suspended, and active again when it may', () => {
    expect(tokenStatus(token, unbounded, true, CREATED_MS)).toBe('active');
    expect(tokenStatus(token, unbounded, false, CREATED_MS)).toBe('suspended');
  });

  it('R31: an expired token stays listed as expired, whatever its owner may do', () => {
    expect(tokenStatus(token, unbounded, true, YEAR_MS)).toBe('expired');
    expect(tokenStatus(token, unbounded, false, YEAR_MS)).toBe('expired');
  });

  it('R32: a token is listed as expired when the maximum applied at use has ended it', () => {
    expect(tokenStatus(token, loweredAtUse, true, HALF_YEAR_MS)).toBe('expired');
  });

  it('R31: a revoked token stays revoked after its expiry', () => {
    expect(tokenStatus(revoked, unbounded, true, CREATED_MS + 2)).toBe('revoked');
    expect(tokenStatus(revoked, unbounded, false, YEAR_MS)).toBe('revoked');
  });
});
