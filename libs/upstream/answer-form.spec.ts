import { expect, it } from 'vitest';
import { faultOfAnswer, withoutLength } from './answer-form.js';

it.each([
  [200, [], true],
  [599, ['Transfer-Encoding', 'Chunked'], true],
  [99, [], false],
  [600, [], false],
  [999, [], false],
  [200, ['Transfer-Encoding', 'gzip, chunked'], false],
  [200, ['Transfer-Encoding', 'gzip', 'transfer-encoding', 'chunked'], false],
  [200, ['Transfer-Encoding', 'chunked', 'Transfer-Encoding', 'chunked'], false],
  [200, ['Transfer-Encoding', 'identity'], false],
  [200, ['Content-Length', '3', 'content-length', '3'], false],
] as const)('R02: an answer with the status %i and the lines %j is fit to be passed on: %s', (status, lines, isFit) => {
  expect(faultOfAnswer(status, lines) === null).toBe(isFit);
});

it('R02: a length is left out, in any spelling', () => {
  expect(withoutLength(['A', '1', 'content-LENGTH', '2', 'B', '3'])).toEqual(['A', '1', 'B', '3']);
});
