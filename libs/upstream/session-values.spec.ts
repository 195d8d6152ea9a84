import { describe, expect, it } from 'vitest';
import { valuesPresented, valuesSet } from './session-values.js';

/** As long as a session id, and no longer. */
const ID = '0123456789abcdef';

describe('the cookies that an answer sets', () => {
  it('R11: are all of them: by their values, and short ones by their names as well', () => {
    const lines = [
      'Set-Cookie',
      `JSESSIONID=${ID}; Path=/; HttpOnly`,
      'ETag',
      '"1"',
      'set-cookie',
      ' Seraph ="d e"; Secure',
    ];
    expect(valuesSet(lines)).toEqual([ID, 'seraph=d e']);
  });

  it('R11: are not those that the answer empties', () => {
    expect(valuesSet(['Set-Cookie', 'JSESSIONID=; Max-Age=0', 'Set-Cookie', 'seraph=""', 'Set-Cookie', 'x'])).toEqual(
      [],
    );
  });
});

describe('the sessions that a request presents', () => {
  it.each([
    [`JSESSIONID=${ID}`, '/x'],
    [`a=b; JSESSIONID = ${ID} `, '/x'],
    [`JSESSIONID="${ID}"`, '/x'],
    [`JSESSIONID="\\${ID.slice(0, 5)}\\${ID.slice(5)}"`, '/x'],
    ['a=b', `/x%3Bjsessionid=${ID}`],
    [`JSESSIONID=%30${ID.slice(1)}`, '/x'],
    [`a=b, JSESSIONID=${ID}`, '/x'],
    [`other-name=${ID}`, '/x'],
    ['a=b', `/x;jsessionid=${ID}/y`],
    ['a=b', `/x;v=1;jsessionid=${ID}`],
  ])('R11: are recognised in the cookies %s of a request for %s', (cookies, path) => {
    expect(valuesPresented(['Cookie', cookies], path)).toContain(ID);
  });

  it.each([
    ['JSESSIONID=abc', '/x'],
    ['a=b; jsessionid = "abc" ', '/x'],
    ['JSESSION%49D=%61bc', '/x'],
    ['a=b, JSESSIONID=abc', '/x'],
    [`a=b,JSESSIONID=abc,c=${ID}`, '/x'],
    ['a=b', '/x;jsessionid=abc/y'],
    [`JSESSIONID=abc; junk=${ID}`, '/x'],
    [`JSESSIONID=${ID}; JSESSIONID=abc`, '/x'],
    [`JSESSIONID=${ID}`, '/x;jsessionid=abc'],
  ])('R11: are recognised by name and value in the cookies %s of a request for %s', (cookies, path) => {
    const [set] = valuesSet(['Set-Cookie', 'JSESSIONID=abc; Path=/']);
    expect(valuesPresented(['Cookie', cookies], path)).toContain(set);
  });

  it('R11: are recognised in every Cookie line', () => {
    expect(valuesPresented(['Cookie', 'a=1', 'cookie', 'b=2'], '/x')).toEqual(['a=1', 'b=2']);
  });

  it('R11: are recognised in the form in which they were set', () => {
    for (const value of ['abc', '"abc"', 'a%20b', '%zz', 'a=b==', `"${ID}"`, `${ID}%20`]) {
      const set = valuesSet(['Set-Cookie', `s=${value}; Path=/`]);
      expect(valuesPresented(['Cookie', `x=1; s=${value}`], '/x')).toEqual(expect.arrayContaining([...set]));
    }
  });

  it('R11: are told by short values whatever else of another name a client adds', () => {
    expect(valuesPresented(['Cookie', `seraph=abc; junk=${ID}`], '/x')).toEqual([ID, 'seraph=abc']);
  });

  it('R11: are not told by short values where there is a longer session id', () => {
    expect(valuesPresented(['Cookie', `SERVERID=node1; JSESSIONID=${ID}`], '/x')).toEqual([ID]);
    expect(valuesPresented(['Cookie', `SERVERID=node1; a=b,JSESSIONID=${ID}`], '/x')).toContain('serverid=node1');
  });

  it('R11: are none without a cookie', () => {
    expect(valuesPresented(['Accept', '*/*'], '/x')).toEqual([]);
  });

  it('R11: are not looked through where there are more than anybody has', () => {
    const cookies = Array.from({ length: 201 }, (_value, index) => `c${index}=${index}`).join('; ');
    expect(valuesPresented(['Cookie', cookies], '/x')).toBeNull();
  });
});
