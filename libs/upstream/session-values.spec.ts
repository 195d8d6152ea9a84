import { describe, expect, it } from 'vitest';
import { valuesPresented, valuesSet } from './session-values.js';

describe('the cookies that an answer sets', () => {
  it('R11: are all of them, by their values', () => {
    const lines = [
      'Set-Cookie',
      'JSESSIONID=abc; Path=/; HttpOnly',
      'ETag',
      '"1"',
      'set-cookie',
      'seraph="d e"; Secure',
    ];
    expect(valuesSet(lines)).toEqual(['abc', 'd e']);
  });

  it('R11: are not those that the answer empties', () => {
    expect(valuesSet(['Set-Cookie', 'JSESSIONID=; Max-Age=0', 'Set-Cookie', 'seraph=""', 'Set-Cookie', 'x'])).toEqual(
      [],
    );
  });
});

describe('the sessions that a request presents', () => {
  it.each([
    ['JSESSIONID=abc', '/x'],
    ['a=b; JSESSIONID = abc ', '/x'],
    ['JSESSIONID="abc"', '/x'],
    ['JSESSIONID=%61bc', '/x'],
    ['a=b, JSESSIONID=abc', '/x'],
    ['other-name=abc', '/x'],
    ['a=b', '/x;jsessionid=abc/y'],
    ['a=b', '/x;v=1;jsessionid=abc'],
  ])('R11: are recognised in the cookies %s of a request for %s', (cookies, path) => {
    expect(valuesPresented(['Cookie', cookies], path)).toContain('abc');
  });

  it('R11: are recognised in every Cookie line', () => {
    expect(valuesPresented(['Cookie', 'a=1', 'cookie', 'b=2'], '/x')).toEqual(['1', '2']);
  });

  it('R11: are recognised in the form in which they were set', () => {
    for (const value of ['abc', '"abc"', 'a%20b', '%zz', 'a=b==']) {
      const [set] = valuesSet(['Set-Cookie', `s=${value}; Path=/`]);
      expect(valuesPresented(['Cookie', `x=1; s=${value}`], '/x')).toContain(set);
    }
  });

  it('R11: are none without a cookie', () => {
    expect(valuesPresented(['Accept', '*/*'], '/x')).toEqual([]);
  });

  it('R11: are not looked through where there are more than anybody has', () => {
    const cookies = Array.from({ length: 201 }, (_value, index) => `c${index}=${index}`).join('; ');
    expect(valuesPresented(['Cookie', cookies], '/x')).toBeNull();
  });
});
