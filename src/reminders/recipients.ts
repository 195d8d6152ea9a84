import type { PrincipalFacts } from '@scopegate/access';
import { emailProblem } from '../directory/name.rules.js';

export interface Recipient {
  readonly user: PrincipalFacts;
  readonly email: string;
}

/** R98: the owner, and the creator if that is somebody else; only users who are active and have an address. */
export function recipientsOf(
  { ownerId, creatorId }: { readonly ownerId: string; readonly creatorId: string },
  users: ReadonlyMap<string, PrincipalFacts>,
): readonly Recipient[] {
  return [...new Set([ownerId, creatorId])].flatMap((id) => {
    const user = users.get(id);
    if (user?.active !== true || user.email === null) return [];
    // Checked again: a directory or an older version may have stored it.
    return emailProblem(user.email) === null ? [{ user, email: user.email }] : [];
  });
}
