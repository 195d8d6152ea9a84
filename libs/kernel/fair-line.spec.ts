import { describe, expect, it } from 'vitest';
import { FairLine } from './fair-line.js';

interface Asked {
  readonly rank: number;
  readonly key: string;
  readonly number: number;
}

/** Everything that waits, in the order of its turns. */
function drain<Item>(line: FairLine<Item>): Item[] {
  const items: Item[] = [];
  for (let item = line.next(); item !== undefined; item = line.next()) items.push(item);
  return items;
}

/** A sequence that is the same in every run (a linear congruential generator). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('FairLine', () => {
  it('R51: each key has one turn after the other, however many items it has', () => {
    const line = new FairLine<string>(1, { maxWaiting: 100, maxPerKey: 100 });
    for (let index = 0; index < 5; index += 1) line.add(0, 'greedy', `g${index}`);
    line.add(0, 'modest', 'm0');
    line.add(0, 'modest', 'm1');
    expect(drain(line)).toEqual(['g0', 'm0', 'g1', 'm1', 'g2', 'g3', 'g4']);
  });

  it('R51: a key has room for so many, and no more', () => {
    const line = new FairLine<number>(1, { maxWaiting: 100, maxPerKey: 2 });
    expect([1, 2, 3].map((item) => line.add(0, 'a', item))).toEqual([null, null, 3]);
    expect(line.add(0, 'b', 4)).toBeNull();
    expect(drain(line)).toEqual([1, 4, 2]);
  });

  it('R51: a full line drops the newest of the key that has the most, and lets a newcomer in', () => {
    const line = new FairLine<string>(1, { maxWaiting: 4, maxPerKey: 4 });
    for (const item of ['a0', 'a1', 'a2']) line.add(0, 'a', item);
    line.add(0, 'b', 'b0');
    expect(line.add(0, 'c', 'c0')).toBe('a2');
    expect(line.add(0, 'd', 'd0')).toBe('a1');
    // Every key has one: a fifth is not fairer than one of them.
    expect(line.add(0, 'e', 'e0')).toBe('e0');
    expect(drain(line)).toEqual(['a0', 'b0', 'c0', 'd0']);
  });

  it('R51: a lower rank gives way in a full line, and never the other way round', () => {
    const line = new FairLine<string>(3, { maxWaiting: 2, maxPerKey: 2 });
    line.add(1, 'a', 'a0');
    line.add(2, 'b', 'b0');
    expect(line.add(0, 'c', 'c0')).toBe('b0');
    expect(line.add(2, 'd', 'd0')).toBe('d0');
    expect(line.add(0, 'e', 'e0')).toBe('a0');
    expect(line.add(1, 'f', 'f0')).toBe('f0');
  });

  it('R51: the first rank has half of the turns, and no rank waits for ever', () => {
    const line = new FairLine<number>(3, { maxWaiting: 1000, maxPerKey: 1 });
    for (let index = 0; index < 300; index += 1) line.add(index % 3, `key ${index}`, index % 3);
    const served = Array.from({ length: 80 }, () => line.next());
    expect([0, 1, 2].map((rank) => served.filter((item) => item === rank).length)).toEqual([40, 20, 20]);
  });

  it('R51: what is taken out has no turn', () => {
    const line = new FairLine<string>(1, { maxWaiting: 4, maxPerKey: 4 });
    for (const item of ['a0', 'a1']) line.add(0, 'a', item);
    expect(line.remove(0, 'a', 'a0')).toBe(true);
    expect(line.remove(0, 'a', 'a0')).toBe(false);
    expect(line.remove(0, 'b', 'a1')).toBe(false);
    expect(line.size).toBe(1);
    expect(drain(line)).toEqual(['a1']);
  });

  it('R51: whatever comes in whatever order, nothing is lost, served twice or beyond a limit, and a lone item has its turn within one round', () => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const draw = numbers(seed);
      const limits = { maxWaiting: 1 + draw(12), maxPerKey: 1 + draw(5) };
      const line = new FairLine<Asked>(3, limits);
      const waiting = new Set<Asked>();
      const countOf = ({ rank, key }: Asked): number =>
        [...waiting].filter((other) => other.rank === rank && other.key === key).length;
      for (let number = 0; number < 300; number += 1) {
        const action = draw(3);
        if (action < 2) {
          const asked = { rank: draw(3), key: `k${draw(6)}`, number };
          const isFull = waiting.size === limits.maxWaiting;
          waiting.add(asked);
          const dropped = line.add(asked.rank, asked.key, asked);
          if (dropped !== null) expect(waiting.delete(dropped)).toBe(true);
          if (dropped !== null && dropped !== asked) {
            expect(isFull).toBe(true);
            expect(dropped.rank).toBeGreaterThanOrEqual(asked.rank);
            if (dropped.rank === asked.rank) expect(countOf(dropped)).toBeGreaterThanOrEqual(countOf(asked));
          }
          expect(countOf(asked)).toBeLessThanOrEqual(limits.maxPerKey);
        } else {
          const served = line.next();
          if (served === undefined) expect(waiting.size).toBe(0);
          else expect(waiting.delete(served)).toBe(true);
        }
        expect(line.size).toBe(waiting.size);
        expect(waiting.size).toBeLessThanOrEqual(limits.maxWaiting);
      }
      // Of one rank, the keys that wait have one turn each before any of them has a second one.
      const rest = drain(line);
      for (const rank of [0, 1, 2]) {
        const keys = rest.filter((item) => item.rank === rank).map(({ key }) => key);
        const distinct = new Set(keys).size;
        expect(new Set(keys.slice(0, distinct)).size).toBe(distinct);
      }
      expect(new Set(rest)).toEqual(waiting);
    }
  });
});
