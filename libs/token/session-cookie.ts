import { SESSION_PREFIX } from './session-format.js';

/** No known proxy chain encodes a cookie more often. */
const MAXIMUM_DECODES = 3;

/** The first characters of all spellings of `sgs_`. */
const POSSIBLE_START = new Set(['s', '%', '\\']);

/**
 * The sessions of the gateway in the cookies of a request (R11): each value that begins with `sgs_`, in any cookie, at any
 * place, and in any spelling (quotes, blanks, backslashes, percent-encoding).
 * @param lines the values of all Cookie lines
 * @returns the decoded values, each once
 */
export function sessionsInCookies(lines: readonly string[]): readonly string[] {
  let found: Set<string> | undefined;
  for (const line of lines) {
    if (!mayHoldSession(line)) continue;
    // Older parsers split at commas, too.
    for (const part of line.split(/[;,]/)) {
      const session = sessionIn(part);
      if (session !== null) (found ??= new Set()).add(session);
    }
  }
  return found === undefined ? NONE : [...found];
}

const NONE: readonly string[] = [];

/**
 * The value of a Cookie line without the sessions of the gateway, which never go upstream. The rest stays unchanged.
 * @returns null if no cookie is left
 */
export function withoutSessions(line: string): string | null {
  if (!mayHoldSession(line)) return line;
  let isChanged = false;
  const isKept = (part: string): boolean => {
    const isSession = sessionIn(part) !== null;
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

/** A fast test, which is false for most lines. */
function mayHoldSession(line: string): boolean {
  return line.includes(SESSION_PREFIX) || line.includes('%') || line.includes('\\');
}

/** The session in one cookie, or null. */
function sessionIn(cookie: string): string | null {
  const equals = cookie.indexOf('=');
  let value = unwrap(equals < 0 ? cookie : cookie.slice(equals + 1));
  for (let decodes = 0; decodes < MAXIMUM_DECODES; decodes += 1) {
    if (!POSSIBLE_START.has(value.charAt(0))) return null;
    if (!value.includes('%')) break;
    value = unwrap(decodeTriples(value));
  }
  return value.startsWith(SESSION_PREFIX) ? value : null;
}

/** Removes quotes and blanks around a value, even a single quote, and backslashes anywhere. */
function unwrap(text: string): string {
  const value = text.includes('\\') ? text.replaceAll('\\', '') : text;
  let start = 0;
  let end = value.length;
  while (start < end && isWrapping(value.charCodeAt(start))) start += 1;
  while (end > start && isWrapping(value.charCodeAt(end - 1))) end -= 1;
  return value.slice(start, end);
}

/** Control characters, blanks and quotes. */
function isWrapping(code: number): boolean {
  return code <= 0x20 || code === 0x22 || code === 0x27 || code === 0x7f || code === 0xa0;
}

/** Decodes the valid percent-encodings, and leaves the rest unchanged. */
function decodeTriples(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_triple, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
