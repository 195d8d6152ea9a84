import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldHeaderName } from './header-name.js';

/** The characters of a field name (RFC 9110 5.6.2). */
const TOKEN_CHARACTERS = [..."!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"];

describe('the fold of a header name', () => {
  it.each([
    ['X-Forwarded-User', 'x-forwarded-user'],
    ['X_Forwarded_USER', 'x-forwarded-user'],
    ['X.Forwarded.User', 'x-forwarded-user'],
    ["X!Forwarded~User'", 'x-forwarded-user-'],
    ['x-user2', 'x-user2'],
    ['', ''],
  ])('R67: reads %s as %s', (name, folded) => {
    expect(foldHeaderName(name)).toBe(folded);
  });

  it('R67: is the same for every spelling in which another mark stands for a hyphen', () => {
    const character = fc.constantFrom(...TOKEN_CHARACTERS);
    fc.assert(
      fc.property(fc.array(character, { maxLength: 40 }), fc.infiniteStream(character), (letters, others) => {
        const name = letters.join('');
        const respelled = letters
          .map((letter) => {
            const other = others.next().value as string;
            if (/[A-Za-z]/.test(letter)) return /[a-m]/i.test(other) ? letter.toUpperCase() : letter.toLowerCase();
            return /[0-9]/.test(letter) || /[0-9A-Za-z]/.test(other) ? letter : other;
          })
          .join('');
        expect(foldHeaderName(respelled)).toBe(foldHeaderName(name));
      }),
    );
  });

  it('R67: keeps the length, holds nothing else than letters, digits and hyphens, and is its own fold', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...TOKEN_CHARACTERS) }), (name) => {
        const folded = foldHeaderName(name);
        expect(folded).toMatch(/^[a-z0-9-]*$/);
        expect(folded).toHaveLength(name.length);
        expect(foldHeaderName(folded)).toBe(folded);
      }),
    );
  });

  it('R67: tells names of other letters apart', () => {
    expect(foldHeaderName('X-Forwarded-Users')).not.toBe(foldHeaderName('X-Forwarded-User'));
    expect(foldHeaderName('XForwardedUser')).not.toBe(foldHeaderName('X-Forwarded-User'));
  });
});
