import { describe, expect, it } from 'vitest';
import { expectLinearTime } from './linear-time.js';

const textOf = (length: number): string => 'a'.repeat(length);

/** Steps that the compiler cannot leave out. */
function count(steps: number): number {
  let sum = 0;
  for (let step = 0; step < steps; step += 1) sum = (sum * 31 + step) % 1_000_003;
  return sum;
}

describe('expectLinearTime', () => {
  it('accepts work that grows with the length, however much it is', async () => {
    await expectLinearTime(16_000, textOf, (text) => count(text.length * 500));
  });

  it('refuses work that grows with the square of the length, in one turn or in several', async () => {
    const quadratic = (text: string): number => count(text.length ** 2 / 40);
    await expect(expectLinearTime(16_000, textOf, quadratic)).rejects.toThrow('not linear');
    const inTurns = async (text: string): Promise<void> => {
      await Promise.resolve();
      quadratic(text);
    };
    await expect(expectLinearTime(16_000, textOf, inTurns)).rejects.toThrow('not linear');
  });
});
