import { describe, expect, it } from 'vitest';
import { acceptsHtml } from './accepted-type.js';
import { RequestHead } from './request-head.js';

const CASES: readonly (readonly [string | null, boolean])[] = [
  [null, false],
  ['', false],
  ['*/*', false],
  ['text/*', false],
  ['application/json', false],
  ['application/json, text/html', true],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
  ['TEXT/HTML; charset=utf-8', true],
  ['text/html;q=0.1', true],
  ['text/html;q=0', false],
  ['text/html; q=0.000, */*', false],
  ['text/htmlx', false],
];

describe('whether a client asks for a page', () => {
  it.each(CASES)('R66: Accept: %j → %s', (value, expected) => {
    expect(acceptsHtml(RequestHead.of(value === null ? [] : ['accept', value]))).toBe(expected);
  });
});
