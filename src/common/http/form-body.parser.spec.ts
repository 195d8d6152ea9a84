import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFormBody } from './form-body.parser.js';

const parse = (text: string): unknown => parseFormBody(Buffer.from(text, 'utf8'));

describe('the body of a form', () => {
  it('R90: is read as a browser and URLSearchParams write it', () => {
    expect(parse('token=a+b%2Bc&client_ip=%3A%3A1&empty=&bare')).toEqual({
      token: 'a b+c',
      client_ip: '::1',
      empty: '',
      bare: '',
    });
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), { maxKeys: 20 }),
        (fields) => {
          expect({ ...parseFormBody(Buffer.from(new URLSearchParams(fields).toString())) }).toEqual({ ...fields });
        },
      ),
    );
  });

  it.each(['token=a&token=b', 'token=a&token=a', 'token=a&%74oken=b'])('R90: a field twice is refused: %s', (text) => {
    expect(() => parse(text)).toThrow(/twice/);
  });

  it('R112: has a bounded number of fields', () => {
    expect(() => parse(Array.from({ length: 33 }, (_, index) => `f${index}=1`).join('&'))).toThrow(/at most 32/);
  });

  it('R90: bytes that are no UTF-8 are refused, and no name changes the object itself', () => {
    expect(() => parseFormBody(Buffer.from([0x74, 0x3d, 0xff]))).toThrow(/UTF-8/);
    const fields = parse('__proto__=x&constructor=y') as object;
    expect(Object.getPrototypeOf(fields)).toBe(Object.prototype);
    expect(Object.keys(fields)).toEqual(['__proto__', 'constructor']);
  });
});
