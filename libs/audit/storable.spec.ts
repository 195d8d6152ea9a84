import { describe, expect, it } from 'vitest';
import { storableDetail, storableInstant, storableInteger, storableText } from './storable.js';

describe('what fits into the database', () => {
  it.each([
    [null, null],
    [undefined, null],
    ['short', 'short'],
    ['sixteen letters!', 'sixteen '],
    ['1234567😀', '1234567\ufffd'],
    ['a\ud800b', 'a\ufffdb'],
    ['\0a\0', '\ufffda\ufffd'],
  ])('R62: the text %j becomes %j', (text, stored) => {
    expect(storableText(text, 8)).toBe(stored);
  });

  it.each([
    [undefined, null],
    [Number.NaN, null],
    [12.6, 13],
    [1.7e12, 2_147_483_647],
    [-1.7e12, -2_147_483_647],
    [Number.POSITIVE_INFINITY, 2_147_483_647],
  ])('R62: the number %j becomes %j', (value, stored) => {
    expect(storableInteger(value)).toBe(stored);
  });

  it('R62: an instant is one that a date can express', () => {
    for (const atMs of [1e300, -1e300]) expect(() => new Date(storableInstant(atMs)).toISOString()).not.toThrow();
    expect(storableInstant(1_763_866_800_000)).toBe(1_763_866_800_000);
  });

  it('R62: a detail is well-formed in its names and values, and the same object where it is already', () => {
    const detail = { text: '😀 \\ud800', list: [1, null, true] };
    expect(storableDetail(detail)).toEqual(detail);
    expect(storableDetail({ 'a\ud800': ['\udc00', { b: 'c\ud83d' }] })).toEqual({
      'a\ufffd': ['\ufffd', { b: 'c\ufffd' }],
    });
    expect(storableDetail(null)).toBeNull();
  });
});
