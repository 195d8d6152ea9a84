import { isUtf8 } from 'node:buffer';
import { endOfHttpToken } from '@scopegate/kernel';

/**
 * The Authorization lines of a request (R67).
 * - `none`: no line, or an empty one.
 * - `basic`: user and secret as sent, both perhaps empty.
 * - `basic-non-utf8`: not UTF-8, read as ISO 8859-1: `requests`, `aiohttp` and Swagger UI send that.
 * - `bearer`: the token as sent.
 * - `other-scheme`: not ours to judge; in lower case. Empty if nothing follows it.
 * - `malformed`: refused, because a lenient decoder upstream could read other credentials. Scheme `unknown` without
 * one.
 * - `ambiguous`: several lines. Servers differ in which one counts, so none does.
 */
export type AuthorizationCredential =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly user: string; readonly secret: string }
  | { readonly kind: 'basic-non-utf8'; readonly user: string; readonly secret: string }
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'other-scheme'; readonly scheme: string; readonly isEmpty: boolean }
  | { readonly kind: 'malformed'; readonly scheme: 'basic' | 'bearer' | 'unknown'; readonly detail: string }
  | { readonly kind: 'ambiguous' };

const NONE: AuthorizationCredential = { kind: 'none' };
const AMBIGUOUS: AuthorizationCredential = { kind: 'ambiguous' };

/** b64token of RFC 6750 2.1. The classes share no character, so there is no backtracking. */
const BEARER_TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

/** Bytes. Common servers accept no longer line. Lines of other schemes have no limit here. */
const MAXIMUM_LENGTH = 8_192;

const SPACE = 0x20;
const TAB = 0x09;

/** CTL of RFC 7617. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\x00-\x1f\x7f]/;

const BEYOND_ASCII = /[\x80-\xff]/;

/** Never throws. @param values in the order of arrival, one character a byte */
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
  const written = line.slice(0, endOfHttpToken(line, 0));
  const scheme = written.toLowerCase();
  const known = scheme === 'basic' || scheme === 'bearer' ? scheme : 'unknown';
  if (written.length === line.length) {
    return known === 'unknown'
      ? { kind: 'other-scheme', scheme, isEmpty: true }
      : {
          kind: 'malformed',
          scheme: known,
          detail: 'There is nothing after the scheme. Send the token there.',
        };
  }
  if (known !== 'unknown' && line.length > MAXIMUM_LENGTH) {
    return { kind: 'malformed', scheme: known, detail: `The line is longer than ${MAXIMUM_LENGTH} bytes.` };
  }
  // RFC 9110 11.4: only spaces, at least one.
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
      return { kind: 'other-scheme', scheme, isEmpty: false };
  }
}

/** RFC 7617: canonical Base64 (RFC 4648), a colon, no control characters. */
function parseBasic(credentials: string): AuthorizationCredential {
  const bytes = Buffer.from(credentials, 'base64');
  // Node skips what is not Base64. This checks alphabet, padding and trailing bits together.
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

/** RFC 9110 5.5; other white space stays. */
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
