import { SESSION_PREFIX } from './session-format.js';
import { isScopegateFormat, placeholderToken, type TokenId } from './token-format.js';

/** People copy these together with a token. */
const AROUND_A_TOKEN = /^[\s"'`<>()[\]{}\u200b-\u200f\u2018-\u201f\u2060\u00ab\u00bb]+/;

/** In a header value: `Token token="…"`, `Digest username=…, response=…`. */
const BETWEEN_ELEMENTS = /[\s,;=:"'`<>()[\]{}]+/;

/**
 * Begins like a token after blanks and quotes. It is judged as one and never goes upstream as something else (R36,
 * R109).
 */
export function presentsToken(value: string): boolean {
  return isScopegateFormat(value) || isScopegateFormat(value.replace(AROUND_A_TOKEN, ''));
}

/** In any scheme or parameter (R109). */
export function holdsTokenElement(value: string): boolean {
  // Fast check, false for most values.
  return value.includes('sg') && value.split(BETWEEN_ELEMENTS).some(isScopegateFormat);
}

const TOKEN_LENGTH = placeholderToken('000000000000' as TokenId).length;

/** Says what is wrong and what to do, from the presented text alone, without repeating it. */
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
