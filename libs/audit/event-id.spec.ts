import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventIdBound, EventIds } from './event-id.js';

const RANDOM = Uint8Array.from({ length: 11 }, (_, index) => index * 23);

describe('event ids', () => {
  it('R62: 26 letters and digits without I, L, O and U', () => {
    const ids = new EventIds(RANDOM);
    for (const atMs of [0, 1_795_400_000_000, 2 ** 47]) expect(ids.next(atMs)).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
  });

  it('R62: no id comes twice, wherever the clock jumps', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 300 }), (times) => {
        const ids = new EventIds(RANDOM);
        expect(new Set(times.map((atMs) => ids.next(atMs))).size).toBe(times.length);
      }),
    );
  });

  it('R58: ids of one process are in the order of their events', () => {
    const ids = new EventIds(RANDOM);
    const made = Array.from({ length: 10_000 }, (_, index) => ids.next(1_795_400_000_000 + Math.floor(index / 700)));
    expect([...made].sort()).toEqual(made);
  });

  it('R58: a bound of time divides ids as the time divides their events', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 31 }), fc.nat({ max: 2 ** 31 }), (atMs, limitMs) => {
        const id = new EventIds(RANDOM).next(atMs);
        expect(id > eventIdBound(limitMs)).toBe(atMs >= limitMs);
        expect(id < eventIdBound(limitMs + 1)).toBe(atMs <= limitMs);
      }),
    );
  });

  it('R58: an instant that no id can express is brought to the nearest', () => {
    expect(eventIdBound(-1)).toBe('0000000000');
    expect(eventIdBound(8.64e15)).toBe('ZZZZZZZZZZ');
  });
});
