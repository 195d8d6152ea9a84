import { describe, expect, it } from 'vitest';
import { accountOf, accountText, patternOf, patternText } from './path-lines';

describe('paths and accounts as lines', () => {
  it.each([
    ['POST /rest/api/2/search', { method: 'POST', path: '/rest/api/2/search' }],
    ['get   /x/**', { method: 'GET', path: '/x/**' }],
    ['/secure/attachment/**', { path: '/secure/attachment/**' }],
    ['/a b', { path: '/a b' }],
    ['nonsense', { path: 'nonsense' }],
  ])('R104: %s is one pattern', (line, pattern) => {
    expect(patternOf(line)).toEqual(pattern);
    expect(patternOf(patternText(pattern))).toEqual(pattern);
  });

  it.each([
    ['anna = asmith', ['anna', 'asmith']],
    ['bob=b=1', ['bob', 'b=1']],
    ['anna', ['anna', '']],
    ['= x', ['', 'x']],
  ])('R104: %s is one account', (line, account) => {
    expect(accountOf(line)).toEqual(account);
    expect(accountOf(accountText(accountOf(line)))).toEqual(account);
  });
});
