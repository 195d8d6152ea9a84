import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventIds } from './event-id.js';

const RANDOM = Uint8Array.from({ length: 11 }, (_byte, index) => index * 23);

describe('the ids of events', () => {
  it('R55: have the shape of a ULID', () => {
    expect(new EventIds(RANDOM).next(Date.UTC(2026, 5, 15))).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
  });

  it('R58: are in the order of time, so that the newest come first by their ids', () => {
    const ids = new EventIds(RANDOM);
    const made = [1, 31, 32, 1023, 1024, Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 1) + 1].map((ms) => ids.next(ms));
    expect(made.toSorted()).toEqual(made);
  });

  it('R58: only ever rise within a process, also in one millisecond and when the clock steps back', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 47 }), { maxLength: 200 }), (instants) => {
        const ids = new EventIds(RANDOM);
        const made = instants.flatMap((ms) => [ids.next(ms), ids.next(ms)]);
        expect(made.toSorted()).toEqual(made);
        expect(new Set(made).size).toBe(made.length);
      }),
    );
  });

  it('R55: differ between processes at the same instant', () => {
    const one = new EventIds(RANDOM).next(1_000);
    const other = new EventIds(RANDOM.map((byte) => byte + 1)).next(1_000);
    expect(one).not.toBe(other);
    expect(one.slice(0, 15)).toBe(other.slice(0, 15));
  });
});
