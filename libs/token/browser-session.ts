import { drawBase62, isBase62 } from './base62.js';

/** So that a cookie, a log and a scanner show what it is, as with tokens. */
export const BROWSER_SESSION_PREFIX = 'sgb_';

/** 43 base62 digits have 256 bits. */
const RANDOM_LENGTH = 43;

const LENGTH = BROWSER_SESSION_PREFIX.length + RANDOM_LENGTH;

/**
 * Of the cookie of the console (R99). Over https, the prefix makes browsers refuse a cookie that another host or plain
 * http sets (RFC 6265bis 4.1.3.2).
 */
export const BROWSER_COOKIES = { https: '__Host-scopegate', http: 'scopegate' } as const;

/** Of a login at the identity provider (R96). Browsers take such a name from https only (RFC 6265bis 4.1.3.1). */
export const LOGIN_COOKIES = { https: '__Secure-scopegate-login', http: 'scopegate-login' } as const;

/**
 * The value of the cookie: nothing about the user or the session can be read from it.
 * @param randomBytes a cryptographic source
 */
export function mintBrowserSession(randomBytes: (size: number) => Uint8Array): string {
  return BROWSER_SESSION_PREFIX + drawBase62(randomBytes, RANDOM_LENGTH);
}

/** Whether the shape is right. Anyone can make such a text up. */
export function isBrowserSession(text: string): boolean {
  return (
    text.length === LENGTH &&
    text.startsWith(BROWSER_SESSION_PREFIX) &&
    isBase62(text, BROWSER_SESSION_PREFIX.length, LENGTH)
  );
}

/**
 * The values of the cookie with this name, each once. Only exactly as a browser writes it: whatever is read in another
 * way is no credential.
 * @param lines the values of all Cookie lines
 */
export function browserSessionsIn(lines: readonly string[], name: string): readonly string[] {
  const found = new Set<string>();
  for (const line of lines) {
    if (!line.includes(name)) continue;
    for (const part of line.split(';')) {
      const cookie = part.trim();
      if (cookie.startsWith(`${name}=`)) found.add(cookie.slice(name.length + 1));
    }
  }
  return [...found];
}
