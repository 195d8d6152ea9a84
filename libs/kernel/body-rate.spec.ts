import { expect, it } from 'vitest';
import { isBodyTooSlow } from './body-rate.js';

it.each([
  [0, 10_000, true],
  [639, 10_000, true],
  [640, 10_000, false],
  [1_279, 20_000, true],
  [1_280, 20_000, false],
  // A body may begin as slowly as it likes: it is judged by whole windows.
  [0, 9_999, false],
])('R112: %i bytes in %i ms are too slow: %s', (bytes, elapsedMs, expected) => {
  expect(isBodyTooSlow(bytes, elapsedMs)).toBe(expected);
});
