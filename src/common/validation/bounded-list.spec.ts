import { describe, expect, it } from 'vitest';
import { listProblem, textProblem } from './bounded-list.decorator.js';

const item = (value: unknown): string | null => textProblem(value, 3);

describe('a list that is sent', () => {
  it.each([
    [[], null],
    [['a', 'b'], null],
    ['a', ' must be a list'],
    [{ length: 2 }, ' must be a list'],
    [null, ' must be a list'],
    [['a', 'b', 'c', 'd'], ' must have at most 3 items'],
    [['a', 5], '.1 must be a text'],
    [['a', 'abcd'], '.1 must have at most 3 characters'],
    [['a', 'b', 'a'], '.2 is given twice'],
  ])('R112: %j gets the reason: %s', (value, problem) => {
    expect(listProblem(value, { maxItems: 3, isUnique: true, item })).toBe(problem);
  });

  it('R112: has its least number of items', () => {
    expect(listProblem([], { maxItems: 3, minItems: 1, item })).toBe(' must have at least 1 item');
  });

  it('R112: is not looked into where it is too long', () => {
    let looked = 0;
    const values = Array.from({ length: 100_000 }, (_, index) => `${index}`);
    const problem = listProblem(values, {
      maxItems: 1_000,
      isUnique: true,
      item: () => {
        looked += 1;
        return null;
      },
    });
    expect(problem).toBe(' must have at most 1000 items');
    expect(looked).toBe(0);
  });
});
