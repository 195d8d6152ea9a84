import { isJsonObject } from '@scopegate/kernel';

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
export function sessionAnswer(name: string, value: string, loginInfo: LoginInfo): string {
  return JSON.stringify({ session: { name, value }, loginInfo });
}

/** In jira's format (R04). */
export function sessionUserAnswer(username: string, address: OuterAddress): string {
  const base = address.pathPrefix === '/' ? '' : address.pathPrefix;
  const origin = address.host === null ? '' : `${address.scheme}://${address.host}`;
  const self = `${origin}${base}/rest/api/latest/user?username=${encodeURIComponent(username.toWellFormed())}`;
  return JSON.stringify({ self, name: username, loginInfo: LOGIN_INFO });
}

/** How often a user logged in, with times as jira writes them. */
export type LoginInfo = Readonly<Record<string, number | string>>;

/** Clients expect these numbers; the gateway does not count logins. */
export const LOGIN_INFO: LoginInfo = { failedLoginCount: 0, loginCount: 1 };

const COUNTS = ['failedLoginCount', 'loginCount'];
const TIMES = ['lastFailedLoginTime', 'previousLoginTime'];

/** R77: from the upstream's answer to who the user is. Other members stay there. */
export function readLoginInfo(body: string | null): LoginInfo {
  const document = jsonOf(body);
  const asked = isJsonObject(document) ? document['loginInfo'] : null;
  if (!isJsonObject(asked)) return LOGIN_INFO;
  const read: Record<string, number | string> = { ...LOGIN_INFO };
  for (const name of COUNTS) {
    const count = asked[name];
    if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0) read[name] = count;
  }
  for (const name of TIMES) {
    const time = asked[name];
    if (typeof time === 'string' && /^[\dT:.+-]{10,40}$/.test(time)) read[name] = time;
  }
  return read;
}

function jsonOf(body: string | null): unknown {
  try {
    return JSON.parse(body ?? '');
  } catch {
    return null;
  }
}
