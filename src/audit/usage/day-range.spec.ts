import { DAY_MS } from '@scopegate/audit';
import { describe, expect, it } from 'vitest';
import { splitRange } from './day-range.js';

const NOW = 100 * DAY_MS + 5_000;

describe('a range of times, split into whole days', () => {
  it('R103: whole days are counted, and the parts beside them are read', () => {
    expect(splitRange({ fromMs: 10 * DAY_MS, toMs: 12 * DAY_MS - 1, nowMs: NOW }, [])).toEqual({
      days: [{ from: 10, until: 12 }],
      rest: [],
    });
    expect(splitRange({ fromMs: 10 * DAY_MS + 1, toMs: 12 * DAY_MS, nowMs: NOW }, [])).toEqual({
      days: [{ from: 11, until: 12 }],
      rest: [
        { fromMs: 10 * DAY_MS + 1, toMs: 11 * DAY_MS - 1 },
        { fromMs: 12 * DAY_MS, toMs: 12 * DAY_MS },
      ],
    });
  });

  it('R103: a range that ends now or later has the whole of today, and a part of a day has no whole one', () => {
    expect(splitRange({ fromMs: 99 * DAY_MS, toMs: NOW, nowMs: NOW }, []).days).toEqual([{ from: 99, until: 101 }]);
    expect(splitRange({ fromMs: 99 * DAY_MS, toMs: NOW + 1_000, nowMs: NOW }, []).rest).toEqual([]);
    const part = { fromMs: 10 * DAY_MS + 5, toMs: 10 * DAY_MS + 9 };
    expect(splitRange({ ...part, nowMs: NOW }, [])).toEqual({ days: [], rest: [part] });
    const all = { fromMs: 10 * DAY_MS, toMs: 20 * DAY_MS };
    expect(splitRange({ ...all, nowMs: NOW }, null)).toEqual({ days: [], rest: [all] });
  });

  it('R103: every millisecond is in exactly one part, also where names begin and end', () => {
    const fromMs = 10 * DAY_MS + 77;
    const toMs = 20 * DAY_MS + 99;
    const { days, rest } = splitRange({ fromMs, toMs, nowMs: NOW }, [
      15 * DAY_MS + 7,
      11 * DAY_MS,
      10 * DAY_MS,
      15 * DAY_MS,
      900 * DAY_MS,
    ]);
    expect(days).toEqual([
      { from: 12, until: 15 },
      { from: 16, until: 20 },
    ]);
    const parts = [...rest, ...days.map(({ from, until }) => ({ fromMs: from * DAY_MS, toMs: until * DAY_MS - 1 }))];
    const inOrder = parts.toSorted((one, other) => one.fromMs - other.fromMs);
    expect(inOrder[0]?.fromMs).toBe(fromMs);
    expect(inOrder.at(-1)?.toMs).toBe(toMs);
    for (const [index, part] of inOrder.entries()) {
      if (index > 0) expect(part.fromMs).toBe((inOrder[index - 1]?.toMs ?? 0) + 1);
    }
  });
});
