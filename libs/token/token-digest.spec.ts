import fc from 'fast-check';
import { HmacKey } from '@scopegate/kernel';
import { describe, expect, it } from 'vitest';
import { digestsEqual, tokenDigest } from './token-digest.js';

const PEPPER = new HmacKey('pepper');

describe('tokenDigest', () => {
  it('R61: what is stored of a secret is its HMAC-SHA-256 under the pepper', () => {
    // The second test case of RFC 4231.
    expect(tokenDigest(new HmacKey('Jefe'), 'what do ya want for nothing?')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
  });

  it('R61: another pepper or another secret gives another digest', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        fc.pre(one !== other);
        expect(digestsEqual(tokenDigest(PEPPER, one), tokenDigest(PEPPER, other))).toBe(false);
        expect(
          digestsEqual(tokenDigest(new HmacKey(`1${one}`), 'secret'), tokenDigest(new HmacKey(`2${other}`), 'secret')),
        ).toBe(false);
      }),
    );
  });
});

describe('digestsEqual', () => {
  it('R44: only the whole digest is equal', () => {
    const digest = tokenDigest(PEPPER, 'secret');
    expect(digestsEqual(digest, tokenDigest(PEPPER, 'secret'))).toBe(true);
    expect(digestsEqual(digest, digest.slice(0, -1))).toBe(false);
    expect(digestsEqual(digest, `${digest}0`)).toBe(false);
    expect(digestsEqual(digest, '')).toBe(false);
    expect(digestsEqual(digest, 'é'.repeat(64))).toBe(false);
  });
});
