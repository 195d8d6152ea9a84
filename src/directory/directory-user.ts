import { ADMINISTRATORS, type PrincipalFacts } from '@scopegate/access';

export { ADMINISTRATORS };

/** The directory of users and groups that are kept here. No directory has this key. */
export const LOCAL = 'local';

/** The password hash is read for a login and not kept in memory. */
export interface DirectoryUser {
  readonly facts: PrincipalFacts;
  /** `local`, or the key of the directory that the user comes from. */
  readonly directory: string;
  /** bcrypt; null if the user cannot log in with a password. */
  readonly passwordHash: string | null;
}

const MAX_SEARCH_KEY = 511;

/** In lower case. A search also finds users by their names. */
export function searchKeyOf({ displayName, email }: Pick<PrincipalFacts, 'displayName' | 'email'>): string {
  const key = `${displayName}\n${email ?? ''}`.toLowerCase();
  return key.slice(0, MAX_SEARCH_KEY).toWellFormed();
}

export function isActiveAdministrator({
  active,
  groups,
}: {
  readonly active: boolean;
  readonly groups: readonly string[];
}): boolean {
  return active && groups.includes(ADMINISTRATORS);
}
