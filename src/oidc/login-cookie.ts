import type { RequestHead } from '@scopegate/access';
import { LOGIN_COOKIES } from '@scopegate/token';
import { ATTEMPT_LIFE_MS } from './login-attempt.js';
import { OIDC_CALLBACK_PATH } from './oidc.path.js';

function nameOf(isSecure: boolean): string {
  return isSecure ? LOGIN_COOKIES.https : LOGIN_COOKIES.http;
}

/** All values: a second one can only come from somewhere else. */
export function loginCookiesIn(head: RequestHead, isSecure: boolean): readonly string[] {
  const start = `${nameOf(isSecure)}=`;
  return head
    .values('cookie')
    .flatMap((line) => line.split(';'))
    .map((cookie) => cookie.trim())
    .filter((cookie) => cookie.startsWith(start))
    .map((cookie) => cookie.slice(start.length));
}

/**
 * Lax, because the callback comes from the provider's site. Nothing else gets it: its path is that of the callback.
 * @param sealed null removes the cookie
 */
export function loginCookie(sealed: string | null, isSecure: boolean): string {
  const maxAge = sealed === null ? 0 : ATTEMPT_LIFE_MS / 1_000;
  const secure = isSecure ? '; Secure' : '';
  return `${nameOf(isSecure)}=${sealed ?? ''}; Path=${OIDC_CALLBACK_PATH}; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure}`;
}
