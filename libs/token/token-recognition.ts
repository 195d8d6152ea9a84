import { isScopegateFormat } from './token-format.js';

/** Blanks, quotation marks and invisible characters that a token is copied with. */
const AROUND_A_TOKEN = /^[\s"'`<>()[\]{}\u200b-\u200f\u2018-\u201f\u2060\u00ab\u00bb]+/;

/** What stands between the elements of a header value: `Token token="…"`, `Digest username=…, response=…`. */
const BETWEEN_ELEMENTS = /[\s,;=:"'`<>()[\]{}]+/;

/**
 * Whether a value presents a token, or was meant to: it begins as one, blanks and quotation marks before it left out. Such
 * a value is judged as a token and never goes upstream as something else (R36, R109).
 */
export function presentsToken(value: string): boolean {
  return isScopegateFormat(value) || isScopegateFormat(value.replace(AROUND_A_TOKEN, ''));
}

/** Whether one of the elements of a header value presents a token, under whatever scheme or parameter (R109). */
export function holdsTokenElement(value: string): boolean {
  // Hardly any value holds these letters: the others are not taken apart.
  return value.includes('sg') && value.split(BETWEEN_ELEMENTS).some(isScopegateFormat);
}
