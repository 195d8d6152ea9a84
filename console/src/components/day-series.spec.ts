import { describe, expect, it } from 'vitest';
import { daysBetween, roundTop, totalOf } from './day-series';

describe('a chart over days', () => {
  it('R103: has every day, the ones without a number too', () => {
    expect(daysBetween('2026-02-27T23:59:00.000Z', '2026-03-02T00:00:00.000Z')).toEqual([
      '2026-02-27',
      '2026-02-28',
      '2026-03-01',
      '2026-03-02',
    ]);
    expect(daysBetween('2026-03-02T00:00:00.000Z', '2026-03-01T00:00:00.000Z')).toEqual([]);
    expect(daysBetween('1970-01-01', '2026-01-01').length).toBe(400);
    expect(daysBetween('nonsense', '2026-01-01')).toEqual([]);
  });

  it.each([
    [0, 1],
    [1, 1],
    [3, 5],
    [10, 10],
    [11, 20],
    [999, 1000],
    [2001, 5000],
  ])('R103: %d stands below the round number %d', (largest, top) => {
    expect(roundTop(largest)).toBe(top);
  });

  it('R103: adds up the series of a day', () => {
    const series = [
      { name: 'a', counts: new Map([['2026-03-01', 2]]) },
      { name: 'b', counts: new Map([['2026-03-02', 1]]) },
    ];
    expect(totalOf(series, '2026-03-01')).toBe(2);
  });
});
