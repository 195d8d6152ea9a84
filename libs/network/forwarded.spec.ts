import { describe, expect, it } from 'vitest';
import { forwardedSeparators, parseForwardedElement } from './forwarded.js';

describe('parseForwardedElement', () => {
  it.each([
    ['for=203.0.113.7', '203.0.113.7'],
    ['FOR=203.0.113.7', '203.0.113.7'],
    ['for="203.0.113.7"', '203.0.113.7'],
    ['for="203.0.113.7:4711"', '203.0.113.7'],
    ['for="203.0.113.7:_port"', '203.0.113.7'],
    ['for="[2001:db8::7]"', '2001:db8::7'],
    ['For="[2001:DB8::7]:4711"', '2001:db8::7'],
    ['for="[2001:db8::7]:_a.b-c"', '2001:db8::7'],
    ['for="[::ffff:203.0.113.7]"', '203.0.113.7'],
    ['for="203\\.0.113.7"', '203.0.113.7'],
    ['proto=https;for=203.0.113.7;by=203.0.113.43', '203.0.113.7'],
    [';for=203.0.113.7;;proto=http;', '203.0.113.7'],
    ['host="a;for=1.1.1.1,\\"b";for=203.0.113.7', '203.0.113.7'],
    ['by=_x;for=203.0.113.7;secret="é\t"', '203.0.113.7'],
  ])('R39: %s names %s', (element, expected) => {
    expect(parseForwardedElement(element)?.address).toBe(expected);
  });

  it.each([
    '',
    ';',
    'for',
    'for=',
    'for=""',
    '=203.0.113.7',
    '203.0.113.7',
    'proto=https;by=10.0.0.2',
    'for=unknown',
    'for=_hidden',
    'for="_hidden:80"',
    'for="unknown:80"',
    'for="203.0.113.7:_"',
    'for="203.0.113.7:_a b"',
    'for="203.0.113.7:65536"',
    'for="203.0.113.7:"',
    'for=203.0.113.7:80',
    'for=2001:db8::7',
    'for="2001:db8::7"',
    'for=[2001:db8::7]',
    'for="[2001:db8::7"',
    'for="[203.0.113.7]"',
    'for="[fe80::1%eth0]"',
    'for="203.0.113.7',
    'for="203.0.113.7"x',
    'for="203.0.113.7\\"',
    'for=" 203.0.113.7"',
    'for="203.0.113.7\0"',
    'for="203.0.113.7\\\x7f"',
    'for=203.0.113.7"',
    "for='203.0.113.7'",
    'for =203.0.113.7',
    'for= 203.0.113.7',
    'for=203.0.113.7; proto=https',
    'for=203.0.113.7 ;proto=https',
    'for=203.0.113.7 for=203.0.113.8',
    'for=203.0.113.7;for=203.0.113.8',
    'for=203.0.113.7;For=203.0.113.7',
    'for=203.0.113.7;proto=http;proto=https',
    'for=203.0.113.7;proto',
    'for=203.0.113.7;pro to=https',
    'for=203.0.113.7;host=example.com:80',
    `for=203.0.113.7;${Array.from({ length: 10_000 }, (_, index) => `p${index}=v`).join(';')}`,
  ])('R39: %j breaks RFC 7239 or names no address', (element) => {
    expect(parseForwardedElement(element)).toBeNull();
  });
});

describe('forwardedSeparators', () => {
  it('R39: commas within quoted strings separate nothing', () => {
    expect(forwardedSeparators('for="a,b", for=c,')).toEqual([9, 16]);
    expect(forwardedSeparators('host="a\\",b",for=c')).toEqual([12]);
    expect(forwardedSeparators('')).toEqual([]);
  });

  it.each(['for="a, for=b', 'for="a\\", for=b', 'for=a\\, for=b', 'for=\\"a\\"', '"', '\\'])(
    'R39: %j could be read in two ways, so it is malformed as a whole',
    (value) => {
      expect(forwardedSeparators(value)).toBeNull();
    },
  );
});
