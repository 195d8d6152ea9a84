import { BROWSER_COOKIES, browserSessionsIn } from '@scopegate/token';
import type { CredentialReading } from './credential.js';
import type { RequestHead } from './request-head.js';

/** How a user has logged in. */
export const LOGIN_METHODS = ['password', 'oidc'] as const;

export type LoginMethod = (typeof LOGIN_METHODS)[number];

/** A browser session ends if it is unused for this long (R99), in milliseconds. */
export const BROWSER_IDLE_MS = 30 * 60_000;

/** And this long after its beginning, used or not. */
export const BROWSER_TOTAL_MS = 12 * 3_600_000;

/** For so long after a login, what needs a step-up is allowed. */
export const STEP_UP_MS = 15 * 60_000;

/** All times are milliseconds since the epoch. */
export interface BrowserSessionFacts {
  /** Not what the cookie contains: that is stored nowhere. */
  readonly id: string;
  readonly method: LoginMethod;
  readonly createdAtMs: number;
  /** Exact to the minute. */
  readonly lastSeenAtMs: number;
  /** Of the login, or of the last step-up. */
  readonly authenticatedAtMs: number;
}

export function browserSessionEnds(session: Pick<BrowserSessionFacts, 'createdAtMs' | 'lastSeenAtMs'>): {
  readonly idleMs: number;
  readonly totalMs: number;
} {
  const totalMs = session.createdAtMs + BROWSER_TOTAL_MS;
  return { idleMs: Math.min(session.lastSeenAtMs + BROWSER_IDLE_MS, totalMs), totalMs };
}

export function hasBrowserSessionEnded(
  session: Pick<BrowserSessionFacts, 'createdAtMs' | 'lastSeenAtMs'>,
  nowMs: number,
): boolean {
  return nowMs >= browserSessionEnds(session).idleMs;
}

export function needsStepUp({ authenticatedAtMs }: BrowserSessionFacts, nowMs: number): boolean {
  return nowMs >= authenticatedAtMs + STEP_UP_MS;
}

/** @param isSecure with https, only the cookie counts that no other host can set */
export function readBrowserSession(head: RequestHead, isSecure: boolean): CredentialReading | null {
  const name = isSecure ? BROWSER_COOKIES.https : BROWSER_COOKIES.http;
  const [secret, other] = browserSessionsIn(head.values('cookie'), name);
  if (secret === undefined) return null;
  return other === undefined ? { ok: true, credential: { kind: 'session', secret } } : SEVERAL;
}

const SEVERAL: CredentialReading = {
  ok: false,
  code: 'credential_ambiguous',
  detail:
    'The cookies contain more than one session of a browser. Delete the cookies of this address, and log in again.',
};
