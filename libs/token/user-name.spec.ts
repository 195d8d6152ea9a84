import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sameUserName, userNameKey } from './user-name.js';

describe('sameUserName', () => {
  it.each([
    ['alice', 'alice', true],
    ['Alice', 'aLICE', true],
    ['MÜLLER', 'müller', true],
    ['ADMIN', 'admin', true],
    ['admın', 'admin', false],
    ['mu\u0308ller', 'müller', false],
    ['straße', 'strasse', false],
    ['alice', 'alice ', false],
    ['alice', 'bob', false],
    ['', 'alice', false],
  ])('R44: %j and %j name the same user: %s', (one, other, same) => {
    expect(sameUserName(one, other)).toBe(same);
    expect(sameUserName(other, one)).toBe(same);
  });

  it('R44: names are the same exactly if their keys are', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        expect(sameUserName(one, other)).toBe(userNameKey(one) === userNameKey(other));
        expect(userNameKey(userNameKey(one))).toBe(userNameKey(one));
      }),
    );
  });
});
