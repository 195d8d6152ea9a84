import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addMonths, isValidity, offeredValidities, VALIDITIES, type Validity, validityMonths } from './validity.js';

const at = (text: string): number => new Date(text).getTime();
const monthOf = (date: Date): number => date.getUTCFullYear() * 12 + date.getUTCMonth();
const dayOf = (instantMs: number): number => Math.floor(instantMs / 86_400_000);

describe('isValidity', () => {
  it.each(VALIDITIES)('R27: the maximum may be %s', (validity) => {
    expect(isValidity(validity)).toBe(true);
  });

  it.each(['', 'P7M', 'P12M', 'P3Y', 'p1m', 'Never', 'constructor', 'P1M ', 6, null, undefined, ['P1M'], {}])(
    'R27: the maximum may not be %j',
    (value) => {
      expect(isValidity(value)).toBe(false);
    },
  );
});

describe('offeredValidities', () => {
  it.each<[Validity, readonly Validity[]]>([
    ['P1M', ['P1M']],
    ['P2M', ['P2M']],
    ['P3M', ['P3M']],
    ['P4M', ['P4M']],
    ['P5M', ['P5M']],
    ['P6M', ['P6M']],
    ['P1Y', ['P6M', 'P1Y']],
    ['P2Y', ['P6M', 'P1Y', 'P2Y']],
    ['never', ['P1M', 'P2M', 'P3M', 'P4M', 'P5M', 'P6M', 'P1Y', 'P2Y', 'never']],
  ])('R28: a maximum of %s offers %j', (maximum, offered) => {
    expect(offeredValidities(maximum)).toEqual(offered);
  });
});

describe('validityMonths', () => {
  it('R30: years are twelve calendar months, and never has none', () => {
    expect(VALIDITIES.map(validityMonths)).toEqual([1, 2, 3, 4, 5, 6, 12, 24, null]);
  });
});

describe('addMonths', () => {
  it.each([
    ['2026-08-31T12:00:00.000Z', 6, '2027-02-28T12:00:00.000Z'],
    ['2027-08-31T12:00:00.000Z', 6, '2028-02-29T12:00:00.000Z'],
    ['2028-02-29T12:00:00.000Z', 12, '2029-02-28T12:00:00.000Z'],
    ['2028-02-29T12:00:00.000Z', 48, '2032-02-29T12:00:00.000Z'],
    ['2026-12-31T23:59:59.999Z', 2, '2027-02-28T23:59:59.999Z'],
    ['2026-11-22T00:00:00.000Z', 24, '2028-11-22T00:00:00.000Z'],
    ['2026-10-25T01:30:00.000Z', 6, '2027-04-25T01:30:00.000Z'],
    ['2026-03-31T00:00:00.000Z', -1, '2026-02-28T00:00:00.000Z'],
    ['0050-01-31T00:00:00.000Z', 1, '0050-02-28T00:00:00.000Z'],
  ])('R30: %s and %i months is %s', (from, months, to) => {
    expect(addMonths(at(from), months)).toBe(at(to));
  });

  const instant = fc
    .date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('2500-01-01T00:00:00Z'), noInvalidDate: true })
    .map((date) => date.getTime());
  const months = fc.integer({ min: 0, max: 600 });

  it('R30: the month is the one counted, the day the same or the last, and the time of day kept', () => {
    fc.assert(
      fc.property(instant, months, (fromMs, count) => {
        const from = new Date(fromMs);
        const to = new Date(addMonths(fromMs, count));
        const isLastDay = new Date(to.getTime() + 86_400_000).getUTCDate() === 1;
        expect(monthOf(to)).toBe(monthOf(from) + count);
        expect(to.getUTCDate() === from.getUTCDate() || (to.getUTCDate() < from.getUTCDate() && isLastDay)).toBe(true);
        expect(to.toISOString().slice(10)).toBe(from.toISOString().slice(10));
      }),
    );
  });

  it('R30: one month more is always later, and a later day never gives an earlier day', () => {
    fc.assert(
      fc.property(instant, instant, months, (one, other, count) => {
        expect(addMonths(one, count + 1)).toBeGreaterThan(addMonths(one, count));
        const [earlier, later] = one < other ? [one, other] : [other, one];
        expect(dayOf(addMonths(earlier, count))).toBeLessThanOrEqual(dayOf(addMonths(later, count)));
      }),
    );
  });

  it('R30: beyond all dates there is no instant', () => {
    expect(addMonths(0, Number.MAX_SAFE_INTEGER)).toBeNaN();
  });
});
