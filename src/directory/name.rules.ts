import { presentsToken, userNameKey } from '@scopegate/token';
import { isEmail } from 'class-validator';

const MAX_LENGTH = 255;

/** Control, format, surrogate and separator characters, which readers show in different ways. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Default_Ignorable_Code_Point: joiners, variation selectors, Hangul fillers. Allowed only in display names. */
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/u;

/** Spaces that look like the usual one or are invisible; the last is the empty pattern of Braille. */
const OTHER_BLANK = /[^\P{Zs} ]|\u2800/u;

const TAKEN_FOR_A_TOKEN =
  'must not begin with "sg_" or "sgs_" in any case: as the user name of HTTP Basic it would be refused as a token';

/**
 * A colon ends the name in HTTP Basic (RFC 7617 2). A name that looks like a token is a misplaced token there (R109):
 * such a user could never log in. Names are compared without case. Existing names stay valid.
 */
export function userNameProblem(name: string): string | null {
  if (userNameKey(name).length > MAX_LENGTH) return `must have at most ${MAX_LENGTH} characters`;
  if (name.includes(':')) return 'must not contain a colon, because a colon ends the name in HTTP Basic';
  if (presentsToken(userNameKey(name))) return TAKEN_FOR_A_TOKEN;
  return lookalikeProblem(name) ?? nameProblem(name);
}

/** Upstreams get a user's groups joined with commas. */
export function groupNameProblem(name: string): string | null {
  if (name.includes(',')) return 'must not contain a comma, because a comma separates groups in identity headers';
  return lookalikeProblem(name) ?? nameProblem(name);
}

/** Whether a name could be confused with another one. Existing names stay valid. */
function lookalikeProblem(name: string): string | null {
  if (IGNORABLE.test(name)) return 'must not contain control or invisible characters';
  return OTHER_BLANK.test(name) ? 'must not contain a blank other than the plain space' : null;
}

export function nameProblem(name: string): string | null {
  if (name === '') return 'must not be empty';
  if (name.length > MAX_LENGTH) return `must have at most ${MAX_LENGTH} characters`;
  if (INVISIBLE.test(name)) return 'must not contain control or invisible characters';
  if (name.trim() !== name) return 'must not begin or end with a blank';
  // These two cannot stand in a path: every URL parser resolves them.
  if (name === '.' || name === '..') return 'must not be "." or ".."';
  return null;
}

/** A lone surrogate would make the library throw. */
export function emailProblem(text: string): string | null {
  return text.length <= MAX_LENGTH && text.isWellFormed() && isEmail(text, { require_tld: false })
    ? null
    : 'must be an email address';
}
