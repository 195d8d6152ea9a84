import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideExpiry, type ExpiryAsked } from './expiry.js';
import { offeredValidities, VALIDITIES, type Validity } from './validity.js';

const NOW_MS = new Date('2026-08-31T12:00:00.000Z').getTime();
const expiring = (utc: string): object => ({ ok: true, expiresAtMs: new Date(utc).getTime() });

describe('decideExpiry', () => {
  it.each([
    ['P1M' as const, '2026-09-30T12:00:00.000Z'],
    ['P6M' as const, '2027-02-28T12:00:00.000Z'],
    ['P2Y' as const, '2028-08-31T12:00:00.000Z'],
  ])('R30: with nothing asked for, the maximum %s applies', (maximum, utc) => {
    expect(decideExpiry({}, maximum, NOW_MS)).toEqual(expiring(utc));
    expect(decideExpiry({ validity: undefined, expiresAt: undefined }, maximum, NOW_MS)).toEqual(expiring(utc));
  });

  it('R30: with nothing asked for and no bound, the token never expires', () => {
    expect(decideExpiry({}, 'never', NOW_MS)).toEqual({ ok: true, expiresAtMs: null });
  });

  it.each(VALIDITIES.flatMap((maximum) => VALIDITIES.map((validity) => [validity, maximum] as const)))(
    'R28: a validity of %s under a maximum of %s is accepted exactly if it is offered',
    (validity, maximum) => {
      expect(decideExpiry({ validity }, maximum, NOW_MS).ok).toBe(offeredValidities(maximum).includes(validity));
    },
  );

  it('R28: a shorter validity that is not offered names the choices', () => {
    const decision = decideExpiry({ validity: 'P1M' }, 'P1Y', NOW_MS);
    expect(decision).toMatchObject({ ok: false, reason: 'not-offered' });
    expect(decision).toHaveProperty('message', expect.stringContaining('P6M or P1Y'));
  });

  it.each<[ExpiryAsked]>([
    [{ validity: 'P2Y' }],
    [{ validity: 'never' }],
    [{ months: 13 }],
    [{ expiresAt: '2027-08-31T12:00:00.001Z' }],
  ])('R29: %j is beyond a year, and the refusal states the limit in months', (asked) => {
    const decision = decideExpiry(asked, 'P1Y', NOW_MS);
    expect(decision).toMatchObject({ ok: false, reason: 'exceeds-max', limitMonths: 12 });
    expect(decision).toHaveProperty('message', expect.stringMatching(/within the next 12 months\.$/));
  });

  it('R29: a limit of one month is stated in the singular', () => {
    expect(decideExpiry({ months: 2 }, 'P1M', NOW_MS)).toHaveProperty(
      'message',
      expect.stringMatching(/within the next 1 month\.$/),
    );
  });

  it('R29: any instant in the future is taken up to and including now + maximum', () => {
    const longest = new Date('2027-02-28T12:00:00.000Z').getTime();
    fc.assert(
      fc.property(fc.integer({ min: NOW_MS - 5_000, max: longest + 5_000 }), (instantMs) => {
        const decision = decideExpiry({ expiresAt: new Date(instantMs).toISOString() }, 'P6M', NOW_MS);
        expect(decision.ok).toBe(instantMs > NOW_MS && instantMs <= longest);
      }),
      { examples: [[NOW_MS], [NOW_MS + 1], [longest], [longest + 1]] },
    );
  });

  it.each([
    ['a past instant', '2026-08-31T11:59:59.999Z', 'past'],
    ['now', '2026-08-31T12:00:00Z', 'past'],
    ['null', null, 'type'],
    ['epoch milliseconds', NOW_MS + 1_000, 'type'],
    ['an empty text', '', 'format'],
  ])('R29: %s is refused', (_name, expiresAt, reason) => {
    expect(decideExpiry({ expiresAt }, 'never', NOW_MS)).toMatchObject({ ok: false, reason });
  });

  it.each<[ExpiryAsked]>([
    [{ validity: 'P1M', expiresAt: '2026-09-10T00:00:00Z' }],
    [{ months: 1, expiresAt: '2026-09-10T00:00:00Z' }],
    [{ validity: 'P1M', months: 1 }],
  ])('R29: two of the three are refused: %j', (asked) => {
    expect(decideExpiry(asked, 'never', NOW_MS)).toMatchObject({ ok: false, reason: 'contradictory' });
  });

  it.each<[number, Validity, string]>([
    [1, 'P6M', '2026-09-30T12:00:00.000Z'],
    [5, 'P6M', '2027-01-31T12:00:00.000Z'],
    [6, 'P6M', '2027-02-28T12:00:00.000Z'],
    [7, 'P1Y', '2027-03-31T12:00:00.000Z'],
    [36, 'never', '2029-08-31T12:00:00.000Z'],
  ])('R30: %i months are taken whether %s offers them or not', (months, maximum, utc) => {
    expect(decideExpiry({ months }, maximum, NOW_MS)).toEqual(expiring(utc));
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 100_000, Number.MAX_SAFE_INTEGER])(
    'R30: %d is no number of months a token can live',
    (months) => {
      expect(decideExpiry({ months }, 'never', NOW_MS)).toMatchObject({ ok: false, reason: 'months' });
    },
  );
});
