import { presentsToken, userNameKey } from '@scopegate/token';
import { isEmail } from 'class-validator';

const MAX_LENGTH = 255;

/** Control, format, surrogate and separator characters: readers show them, or break lines at them, differently. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/**
 * Invisible characters: Unicode's Default_Ignorable_Code_Point (joiners, variation selectors, fillers of Hangul). They are
 * allowed in a display name, but not in a name that identifies a user or a group.
 */
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/u;

/** Blanks that look like the usual one, or are invisible; the last is the empty pattern of Braille. */
const OTHER_BLANK = /[^\P{Zs} ]|\u2800/u;

const TAKEN_FOR_A_TOKEN =
  'must not begin with "sg_" or "sgs_" in any case: as the user name of HTTP Basic it would be refused as a token';

/**
 * What is wrong with the name of a new user, or null.
 * A colon ends the name in HTTP Basic (RFC 7617 2). A user name that looks like a token is a misplaced token there (R109), so
 * such a user could never log in. The prefix is searched without case, as names are compared. Existing names stay valid.
 */
export function userNameProblem(name: string): string | null {
  if (userNameKey(name).length > MAX_LENGTH) return `must have at most ${MAX_LENGTH} characters`;
  if (name.includes(':')) return 'must not contain a colon, because a colon ends the name in HTTP Basic';
  if (presentsToken(userNameKey(name))) return TAKEN_FOR_A_TOKEN;
  return lookalikeProblem(name) ?? nameProblem(name);
}

/** What is wrong with the name of a new group, or null. Upstreams get a user's groups joined with commas. */
export function groupNameProblem(name: string): string | null {
  if (name.includes(',')) return 'must not contain a comma, because a comma separates groups in identity headers';
  return lookalikeProblem(name) ?? nameProblem(name);
}

/** Why a name could be confused with another one, or null. Existing names stay valid. */
function lookalikeProblem(name: string): string | null {
  if (IGNORABLE.test(name)) return 'must not contain control or invisible characters';
  return OTHER_BLANK.test(name) ? 'must not contain a blank other than the plain space' : null;
}

/** What is wrong with a display name, or null. */
export function nameProblem(name: string): string | null {
  if (name === '') return 'must not be empty';
  if (name.length > MAX_LENGTH) return `must have at most ${MAX_LENGTH} characters`;
  if (INVISIBLE.test(name)) return 'must not contain control or invisible characters';
  if (name.trim() !== name) return 'must not begin or end with a blank';
  // These two cannot stand in a path: every URL parser resolves them.
  if (name === '.' || name === '..') return 'must not be "." or ".."';
  return null;
}

/** What is wrong with an email address, or null. A lone surrogate would make the library throw. */
export function emailProblem(text: string): string | null {
  return text.length <= MAX_LENGTH && text.isWellFormed() && isEmail(text, { require_tld: false })
    ? null
    : 'must be an email address';
}
