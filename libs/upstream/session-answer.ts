/** The application's address for the client. */
export interface OuterAddress {
  readonly scheme: 'http' | 'https';
  /** With the port; null if the request has none. */
  readonly host: string | null;
  /** `/`, or segments without a slash at the end. */
  readonly pathPrefix: string;
}

/**
 * RFC 6265, R11: only below the mount, not for scripts, not with requests from other sites.
 * @param value the session; null removes the cookie
 */
export function sessionCookie(name: string, value: string | null, address: OuterAddress): string {
  const parts = [`${name}=${value ?? ''}`, `Path=${address.pathPrefix}`];
  if (value === null) parts.push('Max-Age=0');
  parts.push('HttpOnly', 'SameSite=Strict');
  if (address.scheme === 'https') parts.push('Secure');
  return parts.join('; ');
}

/** In jira's format (R04). */
export function sessionAnswer(name: string, value: string): string {
  return JSON.stringify({ session: { name, value }, loginInfo: LOGIN_INFO });
}

/** In jira's format (R04). */
export function sessionUserAnswer(username: string, address: OuterAddress): string {
  const base = address.pathPrefix === '/' ? '' : address.pathPrefix;
  const origin = address.host === null ? '' : `${address.scheme}://${address.host}`;
  const self = `${origin}${base}/rest/api/latest/user?username=${encodeURIComponent(username.toWellFormed())}`;
  return JSON.stringify({ self, name: username, loginInfo: LOGIN_INFO });
}

/** Clients expect these numbers; the gateway does not count logins. */
const LOGIN_INFO = { failedLoginCount: 0, loginCount: 1 } as const;
