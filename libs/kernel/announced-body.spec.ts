import { expect, it } from 'vitest';
import { announcedLength, announcesBody } from './announced-body.js';

it.each([
  [[], 0, false],
  [['Content-Length', '0'], 0, false],
  [['content-length', '00'], 0, false],
  [['Content-Length', '5'], 5, true],
  [['Transfer-Encoding', 'chunked'], Number.NaN, true],
  [['Transfer-Encoding', 'chunked', 'Content-Length', '0'], Number.NaN, true],
  [['Content-Length', '0', 'Content-Length', '5'], Number.NaN, true],
  [['Content-Length', '0, 5'], Number.NaN, true],
  [['Content-Length', '+0'], Number.NaN, true],
  [['Content-Length', '0x0'], Number.NaN, true],
  [['Content-Length', ''], Number.NaN, true],
] as const)('R02, R112: the lines %j announce %d bytes, and a body: %s', (lines, length, isThere) => {
  expect(announcedLength(lines)).toBe(length);
  expect(announcesBody(lines)).toBe(isThere);
});
