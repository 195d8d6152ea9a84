import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BASE62_DIGITS } from './base62.js';
import { isScopegateFormat, isTokenId, mintToken, parseToken, tokenHint } from './token-format.js';

/** A deterministic source: the same seed mints the same token, so that a failing case can be repeated. */
function seededBytes(seed: number): (size: number) => Uint8Array {
  let state = seed >>> 0;
  return (size) =>
    Uint8Array.from({ length: size }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    });
}

/** Gives the listed bytes once, then zeros. */
function listedBytes(...listed: number[]): (size: number) => Uint8Array {
  return (size) => Uint8Array.from({ length: size }, () => listed.shift() ?? 0);
}

const seed = fc.integer({ min: 0, max: 0xffff_ffff });

describe('mintToken', () => {
  it('R67: a token is sg_, 12 of id, 40 of secret and 6 of checksum in base62', () => {
    const { id, secret } = mintToken(randomBytes);
    expect(secret).toMatch(/^sg_[0-9A-Za-z]{12}_[0-9A-Za-z]{40}_[0-9A-Za-z]{6}$/);
    expect(secret.slice(3, 15)).toBe(id);
  });

  it('R67: the checksum is CRC-32 in base62 of sg_, id and secret, padded with 0', () => {
    // crc32('sg_000000000000_0000000000000000000000000000000000000000') is 0x227d81f5, worked out outside this project.
    const { secret } = mintToken(() => new Uint8Array(64));
    expect(secret).toBe('sg_000000000000_0000000000000000000000000000000000000000_0d9xSP');
  });

  it('R67: bytes that would favour the first digits are drawn again', () => {
    const { id } = mintToken(listedBytes(248, 255, 0, 61, 62, 247));
    expect(id).toBe('0z0z00000000');
  });

  it('R67: a source of randomness that is broken mints nothing', () => {
    expect(() => mintToken(() => new Uint8Array(0))).toThrow('randomness');
    expect(() => mintToken((size) => new Uint8Array(size).fill(255))).toThrow('randomness');
  });

  it('R67: what was minted is parsed back to its id', () => {
    fc.assert(
      fc.property(seed, (value) => {
        const { id, secret } = mintToken(seededBytes(value));
        expect(parseToken(secret)).toEqual({ id });
        expect(isTokenId(id)).toBe(true);
      }),
    );
  });
});

describe('parseToken', () => {
  it('R67: a token with any one character changed is no token', () => {
    const character = fc.oneof(fc.constantFrom(...BASE62_DIGITS), fc.string({ unit: 'binary', minLength: 1 }));
    fc.assert(
      fc.property(seed, fc.nat({ max: 62 }), character, (value, position, replacement) => {
        const { secret } = mintToken(seededBytes(value));
        fc.pre(secret[position] !== replacement);
        expect(parseToken(secret.slice(0, position) + replacement + secret.slice(position + 1))).toBeNull();
      }),
    );
  });

  it('R67: a token with two neighbours exchanged, cut or extended is no token', () => {
    fc.assert(
      fc.property(seed, fc.nat({ max: 61 }), (value, position) => {
        const { secret } = mintToken(seededBytes(value));
        const [one, other] = [secret.charAt(position), secret.charAt(position + 1)];
        fc.pre(one !== other);
        expect(parseToken(secret.slice(0, position) + other + one + secret.slice(position + 2))).toBeNull();
        expect(parseToken(secret.slice(0, position))).toBeNull();
        expect(parseToken(`${secret}${other}`)).toBeNull();
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['the prefix alone', 'sg_'],
    ['a password', 'correct horse battery staple'],
    ['a token with a blank before it', ` ${mintToken(seededBytes(1)).secret}`],
    ['a token with a line end after it', `${mintToken(seededBytes(1)).secret}\n`],
    ['a token in upper case', mintToken(seededBytes(1)).secret.toUpperCase()],
  ])('R67: %s is no token', (_name, text) => {
    expect(parseToken(text)).toBeNull();
  });

  it('R67: the parser never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
        expect(parseToken(`sg_${text}`)).toBeNull();
        expect(parseToken(text)).toBeNull();
      }),
    );
  });
});

describe('isScopegateFormat', () => {
  it('R36: whatever begins with sg_ is in our format, right or wrong', () => {
    expect(isScopegateFormat('sg_')).toBe(true);
    expect(isScopegateFormat('sg_my dog')).toBe(true);
    expect(isScopegateFormat(mintToken(seededBytes(1)).secret)).toBe(true);
    expect(isScopegateFormat('SG_x')).toBe(false);
    expect(isScopegateFormat(' sg_x')).toBe(false);
    expect(isScopegateFormat('')).toBe(false);
  });
});

describe('isTokenId', () => {
  it.each(['', 'short', '0123456789AB_', '0123456789A_', '0123456789Aé', 12, null, ['0123456789AB']])(
    'R67: %j is no token id',
    (value) => {
      expect(isTokenId(value)).toBe(false);
    },
  );
});

describe('tokenHint', () => {
  it('R61: a hint holds the id and nothing of the secret or its checksum', () => {
    fc.assert(
      fc.property(seed, (value) => {
        const { id, secret } = mintToken(seededBytes(value));
        expect(tokenHint(secret)).toBe(`sg_${id}_…`);
      }),
    );
  });

  it('R61: a hint of what is no token repeats none of it', () => {
    expect(tokenHint('sg_hunter2')).toBe('sg_…');
    expect(tokenHint('hunter2')).toBe('…');
  });
});
