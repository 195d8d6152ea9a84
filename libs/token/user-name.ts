/**
 * The form in which user names are compared, counted and looked up: lower case by Unicode's own table, never by the
 * server's language, where a Turkish one would make `ADMIN` another user than `admin` (R44). Accents and compositions
 * are left alone: two names that differ in bytes other than by case are two users.
 */
export function userNameKey(name: string): string {
  return name.toLowerCase();
}

/** Whether two user names mean the same user (R44: without case). */
export function sameUserName(one: string, other: string): boolean {
  return one === other || userNameKey(one) === userNameKey(other);
}
