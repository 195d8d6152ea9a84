import { describe, expect, it } from 'vitest';
import type { User } from '../../data/users';
import { emptyUser, newUserOf, patchOf, typedOf } from './typed-user';

const ANNA = {
  username: 'anna',
  displayName: 'Anna',
  email: 'anna@example.com',
  active: true,
  groups: ['developers', 'testers'],
} as User;

describe('the form of a user', () => {
  it('R104: sends what has changed and nothing else', () => {
    expect(patchOf(typedOf(ANNA), ANNA)).toEqual({});
    expect(patchOf({ ...typedOf(ANNA), groups: ['testers', 'developers'] }, ANNA)).toEqual({});
    expect(patchOf({ ...typedOf(ANNA), email: '', active: false, groups: ['testers'] }, ANNA)).toEqual({
      email: null,
      active: false,
      groups: ['testers'],
    });
  });

  it('R104: a password is kept, set or taken away', () => {
    expect(patchOf({ ...typedOf(ANNA), password: 'typed, then kept' }, ANNA)).toEqual({});
    expect(patchOf({ ...typedOf(ANNA), passwordChoice: 'set', password: 'a new password' }, ANNA)).toEqual({
      password: 'a new password',
    });
    expect(patchOf({ ...typedOf(ANNA), passwordChoice: 'none' }, ANNA)).toEqual({ password: null });
  });

  it('R104: a new user gets defaults for what is left empty', () => {
    expect(newUserOf({ ...emptyUser(), username: 'bob', passwordChoice: 'none' })).toEqual({
      username: 'bob',
      active: true,
      groups: [],
    });
  });
});
