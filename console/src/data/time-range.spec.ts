import { describe, expect, it } from 'vitest';
import {
  boundsOf,
  fromLocalInput,
  readTimeRange,
  toLocalInput,
  wholeDayBoundsOf,
  writeTimeRange,
  type LastRange,
} from './time-range';

const NOW_MS = Date.parse('2026-11-29T12:00:00.000Z');

function written(search: string): string {
  const params = new URLSearchParams();
  writeTimeRange(readTimeRange(new URLSearchParams(search), '24h'), params);
  return params.toString();
}

describe('a time range in the address', () => {
  it.each([
    ['', 'last=24h'],
    ['last=7d', 'last=7d'],
    ['last=9d', 'last=24h'],
    ['last=constructor', 'last=24h'],
    ['from=nonsense', 'last=24h'],
    ['from=2026-11-01T00:00:00Z', 'from=2026-11-01T00%3A00%3A00.000Z'],
    [
      'from=2026-11-01&to=2026-11-02T01:00:00%2B01:00&last=7d',
      'from=2026-11-01T00%3A00%3A00.000Z&to=2026-11-02T00%3A00%3A00.000Z',
    ],
  ])('R104: %j is read as %j', (search, expected) => {
    expect(written(search)).toBe(expected);
  });

  it('R104: becomes the bounds of a call', () => {
    expect(boundsOf({ last: '1h', from: '', to: '' }, NOW_MS)).toEqual({ from: '2026-11-29T11:00:00.000Z' });
    expect(boundsOf({ last: null, from: '', to: '2026-11-02T00:00:00.000Z' }, NOW_MS)).toEqual({
      to: '2026-11-02T00:00:00.000Z',
    });
  });

  it.each([
    ['24h', '2026-11-28T12:00:00.000Z'],
    ['7d', '2026-11-22T00:00:00.000Z'],
    ['30d', '2026-10-30T00:00:00.000Z'],
  ] as const)('R103: a report of the last %s begins at %s', (last: LastRange, from) => {
    expect(wholeDayBoundsOf({ last, from: '', to: '' }, NOW_MS)).toEqual({ from });
  });

  it('R103: a report between two instants keeps them', () => {
    const range = { last: null, from: '2026-11-01T10:00:00.000Z', to: '2026-11-02T11:00:00.000Z' };
    expect(wholeDayBoundsOf(range, NOW_MS)).toEqual({ from: range.from, to: range.to });
  });

  it('R104: goes through the field of a form and back, whatever the time zone', () => {
    for (const instant of ['2026-11-29T12:34:00.000Z', '2026-03-29T00:59:00.000Z', '']) {
      expect(fromLocalInput(toLocalInput(instant))).toBe(instant);
    }
    expect(fromLocalInput('2026-11-')).toBe('');
  });
});
