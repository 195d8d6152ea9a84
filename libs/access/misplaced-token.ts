import { foldHeaderName, type HeaderLines } from '@scopegate/kernel';
import { markedParameters, valueMark } from '@scopegate/scope';
import { holdsTokenElement, presentsToken } from '@scopegate/token';

/** R109: headers that carry a credential. Folded by `foldHeaderName`. */
const CREDENTIAL_HEADER =
  /(?:^|-)(?:token|auth|authorization|authentication|api-?key|access-?key|auth-?key|(?:access|api|auth|private)token|secret|password|credentials?)$/;

/** Authorization is read separately, cookies are not searched, and Proxy-Authorization is never forwarded. */
const NOT_LOOKED_THROUGH: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** The same for query parameters and form fields, folded by `foldFieldName`; with the login of jira and confluence. */
const CREDENTIAL_FIELD =
  /(?:^|_)(?:token|api_?key|access_?key|(?:access|api|auth|private)token|secret|password)$|^os_username$/;

/**
 * The folded name of a header that contains a token where none belongs (R109); null if there is none.
 * @param places folded names of headers that may be a token (R121)
 */
export function headerWithToken(lines: HeaderLines, places: readonly string[]): string | null {
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const value = lines[index + 1] as string;
    if (!holdsTokenElement(value)) continue;
    const name = foldHeaderName(lines[index] as string);
    if (places.includes(name) && presentsToken(value)) continue;
    if (CREDENTIAL_HEADER.test(name) && !NOT_LOOKED_THROUGH.has(name)) return name;
  }
  return null;
}

/** The tokens in these headers (R121). @param places folded names */
export function presentedTokens(lines: HeaderLines, places: readonly string[]): readonly string[] {
  if (places.length === 0) return NO_TOKENS;
  return lines.filter(
    (value, index) =>
      index % 2 === 1 && presentsToken(value) && places.includes(foldHeaderName(lines[index - 1] as string)),
  );
}

const NO_TOKENS: readonly string[] = [];

/** A token begins with one of these. */
const TOKEN_MARK = valueMark('sg_', 'sgs_');

/** No honest program sends so many values that begin like a token: they are sent to make the search slow. */
const MAX_MARKED_FIELDS = 100;

/**
 * R109: the folded name of the field with a misplaced token; null if there is none.
 * @param text the raw query without its `?`, or a form, one character a byte
 */
export function fieldWithToken(text: string): string | null {
  let marked = 0;
  for (const { name, value } of markedParameters(text, TOKEN_MARK)) {
    marked += 1;
    if (marked > MAX_MARKED_FIELDS) return name;
    if (value !== null && CREDENTIAL_FIELD.test(name) && presentsToken(utf8Of(value))) return name;
  }
  return null;
}

/** Decodes UTF-8; the reader drops invalid bytes. @param value one character a byte */
export function utf8Of(value: string): string {
  return Buffer.from(value, 'latin1').toString('utf8');
}
