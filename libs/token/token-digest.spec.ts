import fc from 'fast-check';
import { HmacKey } from '@scopegate/kernel';
import { describe, expect, it } from 'vitest';
import { digestMatches, readTokenDigest, tokenDigest } from './token-digest.js';

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
        fc.pre(one.toWellFormed() !== other.toWellFormed());
        expect(tokenDigest(PEPPER, one)).not.toBe(tokenDigest(PEPPER, other));
        const [first, second] = [new HmacKey(`1${one}`), new HmacKey(`2${other}`)];
        expect(tokenDigest(first, 'secret')).not.toBe(tokenDigest(second, 'secret'));
      }),
    );
  });
});

describe('digestMatches', () => {
  it('R44: only the secret of the whole digest matches', () => {
    const digest = tokenDigest(PEPPER, 'secret');
    expect(digestMatches(PEPPER, 'secret', readTokenDigest(digest))).toBe(true);
    expect(digestMatches(PEPPER, 'secret', readTokenDigest(tokenDigest(PEPPER, 'other')))).toBe(false);
    for (const stored of [digest.slice(0, -2), `${digest}00`, '', 'é'.repeat(64), digest.replace(/.$/, 'g')]) {
      expect(digestMatches(PEPPER, 'secret', readTokenDigest(stored))).toBe(false);
    }
  });
});
