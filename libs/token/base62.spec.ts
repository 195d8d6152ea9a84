import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BASE62_DIGITS, drawBase62, encodeBase62, isBase62 } from './base62.js';

const valueOf = (text: string): number => [...text].reduce((sum, digit) => sum * 62 + BASE62_DIGITS.indexOf(digit), 0);

describe('drawBase62', () => {
  it('R67: of all bytes, every digit is drawn equally often', () => {
    const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const counts = new Map<string, number>();
    for (const digit of drawBase62(() => everyByte, 248)) {
      counts.set(digit, (counts.get(digit) ?? 0) + 1);
    }
    expect([...counts.keys()].join('')).toBe(BASE62_DIGITS);
    expect(new Set(counts.values())).toEqual(new Set([4]));
  });
});

describe('encodeBase62', () => {
  it.each([
    [0, '000000'],
    [61, '00000z'],
    [62, '000010'],
    [0xffff_ffff, '4gfFC3'],
  ])('R67: %i is %s, the most significant digit first', (value, text) => {
    expect(encodeBase62(value, 6)).toBe(text);
  });

  it('R67: every CRC-32 fits into six digits and is read back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (value) => {
        const text = encodeBase62(value, 6);
        expect(isBase62(text, 0, 6)).toBe(true);
        expect(valueOf(text)).toBe(value);
      }),
    );
  });
});

describe('isBase62', () => {
  it('R67: the digits are 0-9, A-Z and a-z, and a text that is too short has none to spare', () => {
    for (let code = 0; code < 0x250; code += 1) {
      const character = String.fromCharCode(code);
      expect(isBase62(character, 0, 1)).toBe(/^[0-9A-Za-z]$/.test(character));
    }
    expect(isBase62('abc', 0, 4)).toBe(false);
  });
});
