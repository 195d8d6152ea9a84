import { SESSION_PREFIX } from './session-format.js';
import { isScopegateFormat, placeholderToken, type TokenId } from './token-format.js';

/** Blanks, quotation marks and invisible characters that people copy with a token. */
const AROUND_A_TOKEN = /^[\s"'`<>()[\]{}\u200b-\u200f\u2018-\u201f\u2060\u00ab\u00bb]+/;

/** The separators of elements in a header value: `Token token="…"`, `Digest username=…, response=…`. */
const BETWEEN_ELEMENTS = /[\s,;=:"'`<>()[\]{}]+/;

/**
 * Whether a value presents a token, or is meant to: it begins like one, after blanks and quotation marks. Such a value is
 * judged as a token and never goes upstream as something else (R36, R109).
 */
export function presentsToken(value: string): boolean {
  return isScopegateFormat(value) || isScopegateFormat(value.replace(AROUND_A_TOKEN, ''));
}

/** Whether an element of a header value presents a token, in any scheme or parameter (R109). */
export function holdsTokenElement(value: string): boolean {
  // Few values contain these letters: the others are not split.
  return value.includes('sg') && value.split(BETWEEN_ELEMENTS).some(isScopegateFormat);
}

/** Every token has this length. */
const TOKEN_LENGTH = placeholderToken('000000000000' as TokenId).length;

/**
 * What is wrong with a secret that was meant as a token and has not its form, in a sentence that says what to do. It is
 * told from the presented text alone, and repeats nothing of it.
 */
export function tokenFault(secret: string): string {
  const trimmed = secret.trim();
  if (trimmed !== secret) {
    return 'There is a blank or a line break before or after the token. Send the token without it.';
  }
  if (!isScopegateFormat(secret) || AROUND_A_TOKEN.test(secret) || /["'`>)\]}]$/.test(secret)) {
    return 'There is a quotation mark or another character before or after the token. Send the token without it.';
  }
  if (secret.startsWith(SESSION_PREFIX)) {
    return 'This is a session of the gateway, which works only in its cookie. Send a token.';
  }
  if (secret.length !== TOKEN_LENGTH) {
    const comparison = secret.length < TOKEN_LENGTH ? 'shorter' : 'longer';
    return (
      `The credential is ${comparison} than a token, which has ${TOKEN_LENGTH} characters. Check that you ` +
      'copied the whole token.'
    );
  }
  return (
    'The checksum of the token does not match, so at least one character is wrong. Check that you copied the ' +
    'whole token, in upper and lower case.'
  );
}
