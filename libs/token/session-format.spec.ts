import { randomBytes } from 'node:crypto';
import { HmacKey } from '@scopegate/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BASE62_DIGITS } from './base62.js';
import { formatSecret } from './secret-format.js';
import { isSealedBy, mintSession, parseSession, SESSION_PREFIX } from './session-format.js';
import { isScopegateFormat, mayHoldSecret, mintToken, parseToken } from './token-format.js';

const KEY = new HmacKey('a pepper of a test');
const OTHER_KEY = new HmacKey('another pepper');

const digits = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...BASE62_DIGITS), minLength: length, maxLength: length });

describe('a session of the gateway', () => {
  it('R11: has the form of a token with sgs_ in place of sg_', () => {
    const { id, secret } = mintSession(KEY, randomBytes);
    expect(secret).toMatch(/^sgs_[0-9A-Za-z]{12}_[0-9A-Za-z]{40}_[0-9A-Za-z]{6}$/);
    expect(parseSession(secret)).toEqual({ id });
    expect(secret.slice(4, 16)).toBe(id);
    expect(mintSession(KEY, randomBytes).secret).not.toBe(secret);
  });

  it('R11: is in Scopegate’s format, and is no token', () => {
    const { secret } = mintSession(KEY, randomBytes);
    expect(isScopegateFormat(secret)).toBe(true);
    expect(isScopegateFormat('sgs_')).toBe(true);
    expect(isScopegateFormat('SGS_x')).toBe(false);
    expect(parseToken(secret)).toBeNull();
    expect(parseSession(mintToken(randomBytes).secret)).toBeNull();
    expect(mayHoldSecret(`{"password":"${secret}"}`)).toBe(true);
    expect(mayHoldSecret('nothing')).toBe(false);
  });

  it('R11: with any one character changed it is no session', () => {
    const { secret } = mintSession(KEY, randomBytes);
    fc.assert(
      fc.property(fc.nat({ max: secret.length - 1 }), fc.constantFrom(...BASE62_DIGITS, '%', ' '), (at, other) => {
        fc.pre(secret[at] !== other);
        const changed = secret.slice(0, at) + other + secret.slice(at + 1);
        expect(parseSession(changed)).toBeNull();
        expect(isSealedBy(KEY, changed)).toBe(false);
      }),
    );
  });

  it('R11: an invented one with a right checksum differs from a real one only by its seal', () => {
    fc.assert(
      fc.property(digits(12), digits(40), (id, part) => {
        const madeUp = formatSecret(SESSION_PREFIX, id, part);
        expect(parseSession(madeUp)).toEqual({ id });
        expect(isSealedBy(KEY, madeUp)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('R11: the seal of one session does not fit another session or another key', () => {
    const { secret } = mintSession(KEY, randomBytes);
    expect(isSealedBy(KEY, secret)).toBe(true);
    expect(isSealedBy(OTHER_KEY, secret)).toBe(false);
    const other = mintSession(KEY, randomBytes);
    const part = secret.slice(17, 57);
    expect(isSealedBy(KEY, formatSecret(SESSION_PREFIX, other.id, part))).toBe(false);
  });
});
