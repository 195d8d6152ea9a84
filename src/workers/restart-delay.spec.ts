import { expect, it } from 'vitest';
import { restartDelayMs } from './restart-delay.js';

it('R62: a worker is replaced at once, and later and later where it dies again and again', () => {
  expect([0, 1, 2, 3, 4, 9, 10, 1_000, 10_000].map(restartDelayMs)).toEqual([
    100, 100, 200, 400, 800, 25_600, 30_000, 30_000, 30_000,
  ]);
});
