import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CookieJar } from './cookie-jar.js';

const NOW = Date.UTC(2026, 10, 29);

function jarWith(...lines: readonly string[]): CookieJar {
  const jar = new CookieJar();
  for (const line of lines) jar.keep(line, '/base/a/b', NOW);
  return jar;
}

function sent(jar: CookieJar, path = '/base/a/b', isSecure = true, nowMs = NOW): string | null {
  return jar.header(path, isSecure, nowMs);
}

describe('kept cookies', () => {
  it.each([
    ['JSESSIONID=abc; Path=/; HttpOnly', 'JSESSIONID=abc'],
    ['a="quoted value, with a comma"', 'a="quoted value, with a comma"'],
    [' a = b ;Path=/', 'a=b'],
    ['a=b=c', 'a=b=c'],
    ['a=', 'a='],
    ['a=%41%zz', 'a=%41%zz'],
    ['a=b; Domain=elsewhere.example', 'a=b'],
    ['a=b; Path=relative', 'a=b'],
    ['a=b; Expires=nonsense; Max-Age=nonsense', 'a=b'],
  ])('R117: go back as they came: %s', (line, expected) => {
    expect(sent(jarWith(line))).toBe(expected);
  });

  it.each(['nameless', '=nameless', '', ';Path=/', 'a=b\0', 'a=b\nSet: c', `a=${'x'.repeat(4_096)}`])(
    'R117: are not taken from %j',
    (line) => {
      expect(sent(jarWith(line))).toBeNull();
    },
  );

  it.each([
    ['/', ['/', '/x', '/base', '/base/', '/basement', '/base/a/b']],
    ['/base', ['/base', '/base/', '/base/a/b']],
    ['/base/', ['/base/', '/base/a/b']],
    ['/base/a/b', ['/base/a/b']],
  ])('R117: with the path %s go to what lies below it', (path, covered) => {
    const jar = jarWith(`a=b; Path=${path}`);
    const asked = ['/', '/x', '/base', '/base/', '/basement', '/base/a/b'];
    expect(asked.filter((one) => sent(jar, one) !== null)).toEqual(covered);
  });

  it('R117: without a path belong to the folder of the request', () => {
    const jar = jarWith('a=b');
    expect(['/base/a', '/base/a/c', '/base', '/base/ab'].map((path) => sent(jar, path))).toEqual([
      'a=b',
      'a=b',
      null,
      null,
    ]);
  });

  it('R117: end by Max-Age, else by Expires', () => {
    const expires = new Date(NOW + 5_000).toUTCString();
    const jar = jarWith('a=1; Max-Age=10', `b=2; Expires=${expires}`, `c=3; Max-Age=10; Expires=${expires}`, 'd=4');
    expect(sent(jar)).toBe('a=1; b=2; c=3; d=4');
    expect(sent(jar, '/base/a/b', true, NOW + 5_000)).toBe('a=1; c=3; d=4');
    expect(sent(jar, '/base/a/b', true, NOW + 10_000)).toBe('d=4');
  });

  it.each(['Max-Age=0', 'Max-Age=-1', 'Expires=Thu, 01-Jan-1970 00:00:00 GMT', 'Expires=Thu, 01 Jan 70 00:00:10 GMT'])(
    'R117: are removed by %s',
    (attribute) => {
      const jar = jarWith('a=b; Path=/', 'c=d', 'a=; Path=/');
      jar.keep(`a=; Path=/; ${attribute}`, '/other', NOW);
      expect(sent(jar)).toBe('c=d');
    },
  );

  it('R117: are replaced by one of the same name and path, and keep their place', () => {
    const jar = jarWith('a=1; Path=/', 'b=2; Path=/', 'a=3; Path=/', 'a=4; Path=/base');
    expect(sent(jar)).toBe('a=4; a=3; b=2');
  });

  it('R117: for https alone do not go over http', () => {
    const jar = jarWith('a=1; Secure', 'b=2');
    expect(sent(jar, '/base/a/b', false)).toBe('b=2');
    expect(sent(jar)).toBe('a=1; b=2');
  });

  it('R117: are forgotten for good when the jar closes, even if answers still come', () => {
    const jar = jarWith('a=1');
    jar.close();
    jar.keep('b=2', '/base/a/b', NOW);
    expect(sent(jar)).toBeNull();
  });

  it('R117: take only so much room, whatever an upstream sends', () => {
    const line = fc.tuple(
      fc.string({ maxLength: 8 }),
      fc.string({ maxLength: 4_000 }),
      fc.string({ maxLength: 2_000 }),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 100 }), (lines) => {
        const jar = new CookieJar();
        for (const [name, value, path] of lines) jar.keep(`${name}=${value}; Path=/${path}`, '/', NOW);
        const header = sent(jar, '/') ?? '';
        expect(header.length).toBeLessThan(8_192 + 50 * 3);
        // oxlint-disable-next-line no-control-regex -- a header line must not hold these
        expect(header).not.toMatch(/[\x00-\x08\x0a-\x1f\x7f]/);
      }),
    );
    const many = new CookieJar();
    for (let index = 0; index < 200; index += 1) many.keep(`c${index}=x; Path=/`, '/', NOW);
    expect(sent(many, '/')?.split('; ')).toHaveLength(50);
    expect(sent(many, '/')).toContain('c199=x');
    for (let index = 0; index < 200; index += 1) many.keep(`b=${'x'.repeat(4_000)}; Path=/${index}`, '/', NOW);
    expect(sent(many, '/199')?.length).toBeLessThan(8_192);
  });
});
