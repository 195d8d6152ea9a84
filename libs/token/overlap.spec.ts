import { describe, expect, it } from 'vitest';
import { parseOverlap } from './overlap.js';

describe('the overlap of a rotation', () => {
  it.each([
    ['PT24H', 86_400_000],
    ['P1D', 86_400_000],
    ['P1DT1H1M1S', 90_061_000],
    ['PT0S', 0],
    ['P30D', 2_592_000_000],
  ])('R10: reads %s', (text, overlapMs) => {
    expect(parseOverlap(text)).toEqual({ ok: true, overlapMs });
  });

  it.each(['', 'P', 'PT', '24H', 'P1M', 'PT1H1D', 'PT-1H', 'pt1h', 'PT1.5H', 'P31D', 'PT721H', ' PT1H', 'PT1H\n'])(
    'R10: refuses %j',
    (text) => {
      expect(parseOverlap(text).ok).toBe(false);
    },
  );
});
