import type { PrincipalFacts } from '@scopegate/access';

/** The group whose members administer Scopegate. */
export const ADMINISTRATORS = 'administrators';

/** A user with what a login by password is compared to. It is read for the login and not kept. */
export interface DirectoryUser {
  readonly facts: PrincipalFacts;
  /** bcrypt; null where there is no login by password. */
  readonly passwordHash: string | null;
}

/** A user's row, as far as a decision needs it. */
type UserRow = Pick<PrincipalFacts, 'id' | 'username' | 'displayName' | 'email' | 'active'>;

/** A row as the decision needs it. */
export function toPrincipal(row: UserRow, groups: ReadonlySet<string>): PrincipalFacts {
  return {
    id: row.id,
    username: row.username,
    displayName: row.displayName,
    email: row.email,
    active: row.active,
    groups,
  };
}

/** The longest that a search key is stored. */
const MAX_SEARCH_KEY = 511;

/** The display name and the email address without case, as users are searched by them besides their names. */
export function searchKeyOf({ displayName, email }: Pick<PrincipalFacts, 'displayName' | 'email'>): string {
  const key = `${displayName}\n${email ?? ''}`.toLowerCase();
  return key.slice(0, MAX_SEARCH_KEY).toWellFormed();
}
