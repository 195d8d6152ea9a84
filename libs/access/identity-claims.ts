import { isStorableText } from '@scopegate/kernel';

/** What an identity provider says of a user. */
export type Claims = Readonly<Record<string, unknown>>;

/** As long as a user name and the name of a group can be. */
const MAX_NAME_LENGTH = 255;

const MAX_GROUPS = 1_000;

/** R96. @returns null if the claim is missing, or can be no user name */
export function claimedUserName(claims: Claims, claim: string): string | null {
  const value = Object.hasOwn(claims, claim) ? claims[claim] : null;
  return typeof value === 'string' && isName(value) ? value : null;
}

/**
 * R96: a claim that is missing lists no groups, because providers leave out an empty list.
 * @returns each name once; null if the claim is neither a name nor a list of at most 1,000 names
 */
export function claimedGroups(claims: Claims, claim: string): readonly string[] | null {
  const value = (Object.hasOwn(claims, claim) ? claims[claim] : null) ?? [];
  const names: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (names.length > MAX_GROUPS || !names.every((name) => typeof name === 'string')) return null;
  // No group has a name that cannot be stored.
  return [...new Set(names.filter(isName))];
}

function isName(text: string): boolean {
  return text !== '' && text.length <= MAX_NAME_LENGTH && isStorableText(text);
}
