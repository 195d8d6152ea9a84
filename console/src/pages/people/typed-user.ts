import type { Schema } from '../../api/client';
import type { User } from '../../data/users';

/** What a form of a user holds. */
export interface TypedUser {
  readonly username: string;
  readonly displayName: string;
  readonly email: string;
  readonly groups: readonly string[];
  readonly active: boolean;
  readonly passwordChoice: 'keep' | 'set' | 'none';
  readonly password: string;
}

export function emptyUser(): TypedUser {
  return { username: '', displayName: '', email: '', groups: [], active: true, passwordChoice: 'set', password: '' };
}

export function typedOf({ username, displayName, email, groups, active }: User): TypedUser {
  return { username, displayName, email: email ?? '', groups, active, passwordChoice: 'keep', password: '' };
}

/** What is left empty gets a default. */
export function newUserOf(typed: TypedUser): Schema<'CreateUser'> {
  const { username, displayName, email, groups, active, passwordChoice, password } = typed;
  return {
    username,
    active,
    groups: [...groups],
    ...(displayName === '' ? {} : { displayName }),
    ...(email === '' ? {} : { email }),
    ...(passwordChoice === 'set' ? { password } : {}),
  };
}

/** Only what has changed, so that nobody else’s change is taken back. */
export function patchOf(typed: TypedUser, user: User): Schema<'UpdateUser'> {
  const { displayName, groups, active, passwordChoice, password } = typed;
  const email = typed.email === '' ? null : typed.email;
  const isSameGroups = groups.length === user.groups.length && groups.every((group) => user.groups.includes(group));
  return {
    ...(displayName === user.displayName ? {} : { displayName }),
    ...(email === user.email ? {} : { email }),
    ...(active === user.active ? {} : { active }),
    ...(isSameGroups ? {} : { groups: [...groups] }),
    ...(passwordChoice === 'set' ? { password } : {}),
    ...(passwordChoice === 'none' ? { password: null } : {}),
  };
}
