import type { PrincipalFacts } from '@scopegate/access';

export { ADMINISTRATORS } from '@scopegate/access';

/** A user with its password hash, which is read for a login and not kept in memory. */
export interface DirectoryUser {
  readonly facts: PrincipalFacts;
  /** bcrypt; null if the user cannot log in with a password. */
  readonly passwordHash: string | null;
}

/** The length of the column. */
const MAX_SEARCH_KEY = 511;

/** What a search finds a user by, apart from the user name: the display name and the email address, in lower case. */
export function searchKeyOf({ displayName, email }: Pick<PrincipalFacts, 'displayName' | 'email'>): string {
  const key = `${displayName}\n${email ?? ''}`.toLowerCase();
  return key.slice(0, MAX_SEARCH_KEY).toWellFormed();
}
