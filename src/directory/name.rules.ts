import { presentsToken, userNameKey } from '@scopegate/token';
import { isEmail } from 'class-validator';

const MAX_LENGTH = 255;

/** Control, format, surrogate and separator characters: whatever two readers could see or break differently. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/**
 * What a reader may leave out: Unicode's Default_Ignorable_Code_Point (joiners, variation selectors, fillers of Hangul).
 * It may stand in a text that is shown, and not in a name by which users or groups are told apart.
 */
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/u;

/** Blanks that look like the one on the keyboard, or like nothing; the last is the empty pattern of Braille. */
const OTHER_BLANK = /[^\P{Zs} ]|\u2800/u;

const TAKEN_FOR_A_TOKEN =
  'must not begin with "sg_" or "sgs_" in any case: as the user name of HTTP Basic it would be refused as a token';

/**
 * What is wrong with the name of a new user, or null.
 * A colon ends the name in HTTP Basic (RFC 7617 2). A user name that presents a token is a misplaced token there (R109), so
 * such a user could never log in. Names are compared without case, and the prefix is looked for in the same way. Names
 * that are there already go on working as far as they did.
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

/** Why a name could be taken for another one, or null. Names that are there already go on working. */
function lookalikeProblem(name: string): string | null {
  if (IGNORABLE.test(name)) return 'must not contain control or invisible characters';
  return OTHER_BLANK.test(name) ? 'must not contain a blank other than the plain space' : null;
}

/** What is wrong with a text that is shown as a name, or null. */
export function nameProblem(name: string): string | null {
  if (name === '') return 'must not be empty';
  if (name.length > MAX_LENGTH) return `must have at most ${MAX_LENGTH} characters`;
  if (INVISIBLE.test(name)) return 'must not contain control or invisible characters';
  if (name.trim() !== name) return 'must not begin or end with a blank';
  // These two cannot be said in a path: every URL parser resolves them away.
  if (name === '.' || name === '..') return 'must not be "." or ".."';
  return null;
}

/** What is wrong with an email address, or null. Half a surrogate pair would make the library throw. */
export function emailProblem(text: string): string | null {
  return text.length <= MAX_LENGTH && text.isWellFormed() && isEmail(text, { require_tld: false })
    ? null
    : 'must be an email address';
}
