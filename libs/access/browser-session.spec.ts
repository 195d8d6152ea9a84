import { BROWSER_COOKIES } from '@scopegate/token';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BROWSER_IDLE_MS,
  BROWSER_TOTAL_MS,
  browserSessionEnds,
  hasBrowserSessionEnded,
  needsStepUp,
  readBrowserSession,
  STEP_UP_MS,
} from './browser-session.js';
import { RequestHead } from './request-head.js';

const VALUE = `sgb_${'a'.repeat(43)}`;
const OTHER = `sgb_${'b'.repeat(43)}`;

const minutes = (count: number): number => count * 60_000;

describe('the end of a browser session', () => {
  it('R99: is 30 minutes after the last use, and 12 hours after the login', () => {
    const created = minutes(10);
    const at = (seen: number, now: number): boolean =>
      hasBrowserSessionEnded({ createdAtMs: created, lastSeenAtMs: seen }, now);
    expect(at(created, created + minutes(30) - 1)).toBe(false);
    expect(at(created, created + minutes(30))).toBe(true);
    expect(at(created + minutes(719), created + minutes(720) - 1)).toBe(false);
    expect(at(created + minutes(719), created + minutes(720))).toBe(true);
  });

  it('R99: whenever it is used, it never lasts longer than both', () => {
    const instant = fc.integer({ min: 0, max: BROWSER_TOTAL_MS * 2 });
    fc.assert(
      fc.property(instant, instant, instant, (createdAtMs, sinceMs, afterMs) => {
        const session = { createdAtMs, lastSeenAtMs: createdAtMs + sinceMs };
        const nowMs = session.lastSeenAtMs + afterMs;
        const isOver = afterMs >= BROWSER_IDLE_MS || nowMs - createdAtMs >= BROWSER_TOTAL_MS;
        expect(hasBrowserSessionEnded(session, nowMs)).toBe(isOver);
        const { idleMs, totalMs } = browserSessionEnds(session);
        expect(idleMs).toBeLessThanOrEqual(totalMs);
      }),
    );
  });

  it('R99: a step-up lasts 15 minutes', () => {
    const times = { createdAtMs: 0, lastSeenAtMs: 0, authenticatedAtMs: minutes(20) };
    const session = { id: 'one', method: 'password' as const, ...times };
    expect(STEP_UP_MS).toBe(minutes(15));
    expect(needsStepUp(session, minutes(35) - 1)).toBe(false);
    expect(needsStepUp(session, minutes(35))).toBe(true);
  });
});

describe('the cookie of a browser session', () => {
  const read = (isSecure: boolean, ...cookies: readonly string[]): unknown => {
    const reading = readBrowserSession(RequestHead.of(cookies.flatMap((cookie) => ['Cookie', cookie])), isSecure);
    if (reading === null) return null;
    return reading.ok ? (reading.credential as { readonly secret: string }).secret : reading.code;
  };

  it.each([
    [false, `scopegate=${VALUE}`, VALUE],
    [true, `__Host-scopegate=${VALUE}`, VALUE],
    [false, `a=1; scopegate=${VALUE}; b=2`, VALUE],
    // A cookie that plain http or another host can set is none over https, and the other way round.
    [true, `scopegate=${VALUE}`, null],
    [false, `__Host-scopegate=${VALUE}`, null],
    [true, `scopegate=${OTHER}; __Host-scopegate=${VALUE}`, VALUE],
    [false, `Scopegate=${VALUE}`, null],
    [true, `__host-scopegate=${VALUE}`, null],
    [false, `"scopegate"=${VALUE}`, null],
    [false, `scope%67ate=${VALUE}`, null],
    [false, `other=${VALUE}`, null],
    [false, VALUE, null],
    [false, `my-scopegate=${VALUE}`, null],
    [false, `scopegate=${VALUE}; scopegate=${OTHER}`, 'credential_ambiguous'],
    [true, `__Host-scopegate=${VALUE}; __Host-scopegate=`, 'credential_ambiguous'],
    [false, `scopegate=${VALUE}; scopegate=${VALUE}`, VALUE],
  ])('R99: https %s, %s: %s', (isSecure, cookie, expected) => {
    expect(read(isSecure, cookie)).toBe(expected);
  });

  it('R99: two lines count as one', () => {
    expect(read(false, 'a=1', `scopegate=${VALUE}`)).toBe(VALUE);
    expect(read(false, `scopegate=${VALUE}`, `scopegate=${OTHER}`)).toBe('credential_ambiguous');
  });

  it('R99: no text around it makes another cookie a session', () => {
    fc.assert(
      fc.property(fc.string(), fc.boolean(), (text, isSecure) => {
        const name = isSecure ? BROWSER_COOKIES.https : BROWSER_COOKIES.http;
        const names = text.split(';').map((cookie) => cookie.trim().split('=', 1)[0]);
        fc.pre(!names.includes(name));
        expect(read(isSecure, text)).toBeNull();
        expect(read(isSecure, `${text};${name}=${VALUE}`)).toBe(VALUE);
      }),
    );
  });
});
