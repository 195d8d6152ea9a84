import { isUtf8 } from 'node:buffer';

/**
 * What the Authorization lines of a request present (R67).
 *
 * - `none`: no line, or an empty one.
 * - `basic`: user and secret exactly as sent; neither is trimmed nor normalised, and both may be empty.
 * - `basic-non-utf8`: the same where the bytes are no UTF-8, read as ISO 8859-1: `requests`, `aiohttp` and Swagger UI
 *   send that. What is UTF-8 is never read as anything else, so that there is one reading of each line.
 * - `bearer`: the token as sent.
 * - `other-scheme`: not ours to judge; the scheme in lower case.
 * - `malformed`: refused at the gateway and never forwarded, because a lenient decoder behind it could read other
 *   credentials than were judged. The scheme is `unknown` where the line has no scheme that could be told.
 * - `ambiguous`: several lines. Servers differ in which of them counts, so none does.
 */
export type AuthorizationCredential =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly user: string; readonly secret: string }
  | { readonly kind: 'basic-non-utf8'; readonly user: string; readonly secret: string }
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'other-scheme'; readonly scheme: string }
  | { readonly kind: 'malformed'; readonly scheme: 'basic' | 'bearer' | 'unknown'; readonly detail: string }
  | { readonly kind: 'ambiguous' };

const NONE: AuthorizationCredential = { kind: 'none' };
const AMBIGUOUS: AuthorizationCredential = { kind: 'ambiguous' };

/** auth-scheme is a token of RFC 9110 5.6.2. One class repeated: linear in the length of the line. */
const SCHEME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+/;

/** b64token of RFC 6750 2.1. The two classes share no character, so there is nothing to backtrack into. */
const BEARER_TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

/**
 * The longest line of a scheme of ours, in bytes. No token comes near it, and common servers take no longer line, so
 * there is nothing to gain from decoding one. Lines of other schemes are for the upstream to judge.
 */
const MAXIMUM_LENGTH = 8_192;

const SPACE = 0x20;
const TAB = 0x09;

/** CTL of RFC 7617, which its user and password never hold. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\x00-\x1f\x7f]/;

const BEYOND_ASCII = /[\x80-\xff]/;

/**
 * Reads the credential from all Authorization lines of a request. Never throws.
 * @param values the field values in wire order, as Node gives them (one character per byte)
 */
export function parseAuthorization(values: readonly string[]): AuthorizationCredential {
  const [value, second] = values;
  if (value === undefined) {
    return NONE;
  }
  if (second !== undefined) {
    return AMBIGUOUS;
  }
  return parseLine(withoutOuterBlanks(value));
}

function parseLine(line: string): AuthorizationCredential {
  if (line === '') {
    return NONE;
  }
  const written = SCHEME.exec(line)?.[0] ?? '';
  const scheme = written.toLowerCase();
  const known = scheme === 'basic' || scheme === 'bearer' ? scheme : 'unknown';
  if (written.length === line.length) {
    return known === 'unknown'
      ? { kind: 'other-scheme', scheme }
      : {
          kind: 'malformed',
          scheme: known,
          detail: 'There is nothing after the scheme. Send the token there.',
        };
  }
  if (known !== 'unknown' && line.length > MAXIMUM_LENGTH) {
    return { kind: 'malformed', scheme: known, detail: `The line is longer than ${MAXIMUM_LENGTH} bytes.` };
  }
  // RFC 9110 11.4: one or more SP, and nothing else, stand between the scheme and the credentials.
  let start = written.length;
  while (line.charCodeAt(start) === SPACE) {
    start += 1;
  }
  if (written === '' || start === written.length) {
    return {
      kind: 'malformed',
      scheme: known,
      detail: 'The Authorization line has no scheme followed by a space. Send "Bearer", a space and the token.',
    };
  }
  switch (known) {
    case 'basic':
      return parseBasic(line.slice(start));
    case 'bearer':
      return parseBearer(line.slice(start));
    case 'unknown':
      return { kind: 'other-scheme', scheme };
  }
}

/** RFC 7617, strictly: canonical Base64 of RFC 4648, a colon, no control characters. */
function parseBasic(credentials: string): AuthorizationCredential {
  const bytes = Buffer.from(credentials, 'base64');
  // Node skips what is not Base64. Only a text that encodes back to itself is the one spelling of its bytes: alphabet,
  // padding and trailing bits are all judged by this comparison.
  if (bytes.toString('base64') !== credentials) {
    return {
      kind: 'malformed',
      scheme: 'basic',
      detail:
        'The credentials of HTTP Basic are not Base64 of user name, colon and secret. Send a token without a ' +
        'user name as Bearer.',
    };
  }
  const text = bytes.toString('latin1');
  if (CONTROL.test(text)) {
    const detail = /[\r\n]$/.test(text)
      ? 'The credentials of HTTP Basic end with a line break. Encode them without it: use printf, not echo.'
      : 'The credentials of HTTP Basic contain a control character. Encode user name and secret without it.';
    return { kind: 'malformed', scheme: 'basic', detail };
  }
  const colon = text.indexOf(':');
  if (colon < 0) {
    return {
      kind: 'malformed',
      scheme: 'basic',
      detail:
        'The credentials of HTTP Basic have no colon between user name and secret. Encode user name, colon and ' +
        'secret as one text.',
    };
  }
  if (!BEYOND_ASCII.test(text)) {
    return { kind: 'basic', user: text.slice(0, colon), secret: text.slice(colon + 1) };
  }
  if (!isUtf8(bytes)) {
    return { kind: 'basic-non-utf8', user: text.slice(0, colon), secret: text.slice(colon + 1) };
  }
  return {
    kind: 'basic',
    user: bytes.toString('utf8', 0, colon),
    secret: bytes.toString('utf8', colon + 1),
  };
}

function parseBearer(credentials: string): AuthorizationCredential {
  return BEARER_TOKEN.test(credentials)
    ? { kind: 'bearer', token: credentials }
    : {
        kind: 'malformed',
        scheme: 'bearer',
        detail: 'The text after Bearer is not a valid token. Send only the token, without quotation marks and blanks.',
      };
}

/** Takes off the blanks around a field value, which are no part of it (RFC 9110 5.5); other white space stays. */
function withoutOuterBlanks(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) {
    start += 1;
  }
  while (end > start && isBlank(value.charCodeAt(end - 1))) {
    end -= 1;
  }
  return start === 0 && end === value.length ? value : value.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}
