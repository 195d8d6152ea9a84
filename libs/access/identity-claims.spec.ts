import { describe, expect, it } from 'vitest';
import { claimedGroups, claimedUserName } from './identity-claims.js';

describe('claimedUserName', () => {
  it('R96: is the text of the claim, as it is', () => {
    expect(claimedUserName({ preferred_username: 'Alice' }, 'preferred_username')).toBe('Alice');
    expect(claimedUserName({ 'https://example.com/name': 'bob' }, 'https://example.com/name')).toBe('bob');
  });

  it.each([
    {},
    { name: null },
    { name: '' },
    { name: 7 },
    { name: true },
    { name: ['alice'] },
    { name: { toString: 'alice' } },
    { name: 'x'.repeat(256) },
    { name: 'a\u0000b' },
    { name: 'a\ud800' },
  ])('R96: %j names nobody', (claims) => {
    expect(claimedUserName(claims, 'name')).toBeNull();
  });

  it('R96: what every object inherits is no claim', () => {
    for (const claim of ['constructor', 'toString', '__proto__']) expect(claimedUserName({}, claim)).toBeNull();
  });
});

describe('claimedGroups', () => {
  it.each([
    [{ groups: ['one', 'two', 'one'] }, ['one', 'two']],
    [{ groups: 'one' }, ['one']],
    [{ groups: [] }, []],
    [{ groups: null }, []],
    [{}, []],
    [{ groups: ['one', '', 'x'.repeat(256), 'a\u0000'] }, ['one']],
  ])('R96: %j lists %j', (claims, groups) => {
    expect(claimedGroups(claims, 'groups')).toEqual(groups);
  });

  it.each([
    { groups: 7 },
    { groups: { one: true } },
    { groups: ['one', 7] },
    { groups: ['one', ['two']] },
    { groups: Array.from({ length: 1_001 }, (_, index) => `group ${index}`) },
  ])('R96: another form of the claim is no list of groups', (claims) => {
    expect(claimedGroups(claims, 'groups')).toBeNull();
  });
});
