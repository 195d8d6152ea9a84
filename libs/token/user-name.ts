/** R44: lower case by Unicode, not by the server's language: in Turkish `ADMIN` would be another user. Accents stay. */
export function userNameKey(name: string): string {
  return name.toLowerCase();
}

/** R44: without case. */
export function sameUserName(one: string, other: string): boolean {
  return one === other || userNameKey(one) === userNameKey(other);
}
