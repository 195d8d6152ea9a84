import { describe, expect, it } from 'vitest';
import { endOfHttpToken, isHttpToken } from './http-token.js';

describe('a token of RFC 9110', () => {
  it('has letters, digits and some punctuation, and at least one of them', () => {
    const allowed = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).filter(isHttpToken);
    expect(allowed.join('')).toBe("!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~");
    expect(['X-Forwarded-For', 'GET', '', 'a b', 'a:', 'ä', 'a\n', '\u212a'].map(isHttpToken)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  it('ends where another character stands', () => {
    expect([endOfHttpToken('for=x', 0), endOfHttpToken('for=x', 4), endOfHttpToken('=x', 0)]).toEqual([3, 5, 0]);
  });
});
