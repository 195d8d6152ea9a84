/**
 * The form in which user names are compared and looked up: lower case by Unicode's table, not by the server's language,
 * because in Turkish `ADMIN` would be another user than `admin` (R44). Accents and compositions stay: names that differ in
 * more than case are two users.
 */
export function userNameKey(name: string): string {
  return name.toLowerCase();
}

/** Whether two user names mean the same user (R44: without case). */
export function sameUserName(one: string, other: string): boolean {
  return one === other || userNameKey(one) === userNameKey(other);
}
