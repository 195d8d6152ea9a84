/** Where the client sees the application. */
export interface OuterAddress {
  readonly scheme: 'http' | 'https';
  /** With the port; null if the request names none. */
  readonly host: string | null;
  /** The path of the mount: `/`, or segments without a slash at the end. */
  readonly pathPrefix: string;
}

/**
 * The Set-Cookie line of a session of the gateway (RFC 6265, R11). It is sent below the mount alone, never to scripts of
 * a page nor with requests that another site begins.
 * @param value the session; null takes the cookie away
 */
export function sessionCookie(name: string, value: string | null, address: OuterAddress): string {
  const parts = [`${name}=${value ?? ''}`, `Path=${address.pathPrefix}`];
  if (value === null) parts.push('Max-Age=0');
  parts.push('HttpOnly', 'SameSite=Strict');
  if (address.scheme === 'https') parts.push('Secure');
  return parts.join('; ');
}

/** What a login at jira's session endpoint answers (R04). */
export function sessionAnswer(name: string, value: string): string {
  return JSON.stringify({ session: { name, value }, loginInfo: LOGIN_INFO });
}

/** The body that jira's session endpoint returns for the user of a session (R04). */
export function sessionUserAnswer(username: string, address: OuterAddress): string {
  const base = address.pathPrefix === '/' ? '' : address.pathPrefix;
  const origin = address.host === null ? '' : `${address.scheme}://${address.host}`;
  const self = `${origin}${base}/rest/api/latest/user?username=${encodeURIComponent(username.toWellFormed())}`;
  return JSON.stringify({ self, name: username, loginInfo: LOGIN_INFO });
}

/** Jira counts logins with passwords. The gateway does not, and clients want to read numbers. */
const LOGIN_INFO = { failedLoginCount: 0, loginCount: 1 } as const;
