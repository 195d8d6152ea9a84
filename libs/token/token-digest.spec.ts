import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestsEqual, tokenDigest } from './token-digest.js';

describe('tokenDigest', () => {
  it('R61: what is stored of a secret is its HMAC-SHA-256 under the pepper', () => {
    // The second test case of RFC 4231.
    expect(tokenDigest('Jefe', 'what do ya want for nothing?')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
  });

  it('R61: a pepper of bytes is the same key as its text', () => {
    expect(tokenDigest(Buffer.from('pepper'), 'sg_x')).toBe(tokenDigest('pepper', 'sg_x'));
  });

  it('R61: another pepper or another secret gives another digest', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        fc.pre(one !== other);
        expect(digestsEqual(tokenDigest('pepper', one), tokenDigest('pepper', other))).toBe(false);
        expect(digestsEqual(tokenDigest(`1${one}`, 'secret'), tokenDigest(`2${other}`, 'secret'))).toBe(false);
      }),
    );
  });
});

describe('digestsEqual', () => {
  it('R44: only the whole digest is equal', () => {
    const digest = tokenDigest('pepper', 'secret');
    expect(digestsEqual(digest, tokenDigest('pepper', 'secret'))).toBe(true);
    expect(digestsEqual(digest, digest.slice(0, -1))).toBe(false);
    expect(digestsEqual(digest, `${digest}0`)).toBe(false);
    expect(digestsEqual(digest, '')).toBe(false);
    expect(digestsEqual(digest, 'é'.repeat(64))).toBe(false);
  });
});
