const MAX_FILTER_LENGTH = 2_048;

const MAX_DEPTH = 20;

const ATTRIBUTE = /^[a-z][a-z\d-]*$/i;

/** `attr=`, `attr>=`, `attr<=`, `attr~=`, or `attr:dn:rule:=` (RFC 4515 3). */
const ITEM =
  /^(?:[a-z\d][a-z\d.;-]*(?:=|>=|<=|~=)|[a-z\d.;-]*(?::dn)?(?::[a-z\d.-]+)?:=)((?:[^\\()\0]|\\[\da-f]{2})*)$/i;

/** The text as a value of a filter: no character of it has a meaning (RFC 4515 3). */
export function escapeFilterValue(text: string): string {
  return text.replace(/[\\*()\0]/g, (character) => `\\${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** What is wrong with a filter that an administrator wrote; null if nothing. */
export function filterProblem(text: string): string | null {
  if (text.length > MAX_FILTER_LENGTH) return `must have at most ${MAX_FILTER_LENGTH} characters`;
  if (!text.startsWith('(')) return 'must begin with a parenthesis, such as (objectClass=person)';
  return endOfFilter(text, 0, 0) === text.length ? null : 'must be one LDAP filter, such as (objectClass=person)';
}

/** The end of the filter that begins here, or -1. */
function endOfFilter(text: string, start: number, depth: number): number {
  if (text[start] !== '(' || depth > MAX_DEPTH) return -1;
  const kind = text[start + 1];
  if (kind === '&' || kind === '|' || kind === '!') {
    let at = start + 2;
    let count = 0;
    while (text[at] === '(') {
      at = endOfFilter(text, at, depth + 1);
      if (at === -1) return -1;
      count += 1;
    }
    const isComplete = kind === '!' ? count === 1 : count > 0;
    return isComplete && text[at] === ')' ? at + 1 : -1;
  }
  const end = text.indexOf(')', start);
  return end !== -1 && ITEM.test(text.slice(start + 1, end)) ? end + 1 : -1;
}

/** What is wrong with the name of an attribute; null if nothing. */
export function attributeProblem(name: string): string | null {
  return name.length <= 64 && ATTRIBUTE.test(name) ? null : 'must be the name of an attribute, such as uid';
}

export function equalityFilter(attribute: string, value: string): string {
  return `(${attribute}=${escapeFilterValue(value)})`;
}

/** Entries that have the attribute, as far as the asker may read it. */
export function presenceFilter(attribute: string): string {
  return `(${attribute}=*)`;
}

export function allOf(...filters: readonly string[]): string {
  return `(&${filters.join('')})`;
}

/** Active Directory's LDAP_MATCHING_RULE_IN_CHAIN: users who are in the group itself or in a group of it. */
export function memberInChainFilter(groupDn: string): string {
  return `(memberOf:1.2.840.113556.1.4.1941:=${escapeFilterValue(groupDn)})`;
}
