import { BROWSER_COOKIES, BROWSER_SESSION_PREFIX, LOGIN_COOKIES } from './browser-session.js';
import { SESSION_PREFIX } from './session-format.js';

/** No known chain of proxies encodes a cookie more often. */
const MAXIMUM_DECODES = 3;

const POSSIBLE_START = new Set(['s', '%', '\\']);

/**
 * R11: each value with `sgs_` at its beginning, in any cookie, with any quotes, blanks, backslashes or
 * percent-encoding.
 * @param lines the values of all Cookie lines
 * @returns the decoded values, each once
 */
export function sessionsInCookies(lines: readonly string[]): readonly string[] {
  let found: Set<string> | undefined;
  for (const line of lines) {
    if (!mayHoldSession(line)) continue;
    // Older parsers also split at commas.
    for (const part of line.split(/[;,]/)) {
      const session = sessionIn(part);
      if (session !== null) (found ??= new Set()).add(session);
    }
  }
  return found === undefined ? NONE : [...found];
}

const NONE: readonly string[] = [];

/** Removes our sessions and those of browsers (R99), which never go upstream. @returns null if no cookie is left */
export function withoutSessions(line: string): string | null {
  if (!mayHoldSession(line) && !mayHoldBrowserSession(line)) return line;
  let isChanged = false;
  const isKept = (part: string): boolean => {
    const isSession = sessionIn(part) !== null || isOfBrowser(part);
    isChanged ||= isSession;
    return !isSession;
  };
  const parts: string[] = [];
  for (const cookie of line.split(';')) {
    const kept = cookie.split(',').filter(isKept);
    if (kept.length > 0) parts.push(kept.join(','));
  }
  if (!isChanged) return line;
  const rest = parts.join(';').trim();
  return rest === '' ? null : rest;
}

/** Fast: false for most lines. */
function mayHoldSession(line: string): boolean {
  return line.includes(SESSION_PREFIX) || line.includes('%') || line.includes('\\');
}

/** Fast: false for most lines without an escape. */
function mayHoldBrowserSession(line: string): boolean {
  return /scopegate|sgb_/i.test(line);
}

function sessionIn(cookie: string): string | null {
  const value = valueOf(cookie);
  return value !== null && value.startsWith(SESSION_PREFIX) ? value : null;
}

/** The session of a browser (R99), or its login (R96), by name or value, in whatever case and encoding: the name alone is enough to drop a cookie. */
export function isOfBrowser(cookie: string): boolean {
  if (valueOf(cookie)?.startsWith(BROWSER_SESSION_PREFIX) === true) return true;
  const equals = cookie.indexOf('=');
  let name = unwrap(equals < 0 ? cookie : cookie.slice(0, equals));
  for (let decodes = 0; decodes < MAXIMUM_DECODES && name.includes('%'); decodes += 1) {
    name = unwrap(decodeTriples(name));
  }
  return BROWSER_NAMES.has(name.toLowerCase());
}

const BROWSER_NAMES: ReadonlySet<string> = new Set(
  [BROWSER_COOKIES, LOGIN_COOKIES].flatMap((names) => Object.values(names)).map((name) => name.toLowerCase()),
);

/** Null if it cannot be one of ours. */
function valueOf(cookie: string): string | null {
  const equals = cookie.indexOf('=');
  let value = unwrap(equals < 0 ? cookie : cookie.slice(equals + 1));
  for (let decodes = 0; decodes < MAXIMUM_DECODES; decodes += 1) {
    if (!POSSIBLE_START.has(value.charAt(0))) return null;
    if (!value.includes('%')) break;
    value = unwrap(decodeTriples(value));
  }
  return value;
}

/** Removes quotes and blanks around a value, and all backslashes. */
function unwrap(text: string): string {
  const value = text.includes('\\') ? text.replaceAll('\\', '') : text;
  let start = 0;
  let end = value.length;
  while (start < end && isWrapping(value.charCodeAt(start))) start += 1;
  while (end > start && isWrapping(value.charCodeAt(end - 1))) end -= 1;
  return value.slice(start, end);
}

function isWrapping(code: number): boolean {
  return code <= 0x20 || code === 0x22 || code === 0x27 || code === 0x7f || code === 0xa0;
}

/** Leaves invalid encodings unchanged. */
function decodeTriples(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_triple, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
