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
