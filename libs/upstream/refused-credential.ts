import type { HeaderLines } from '@scopegate/kernel';

/** What shows that a product refuses a credential, besides the status 401 (R70). Names and values are in lower case. */
export interface RefusalSigns {
  /** With one of these values, or with any. */
  readonly headers: ReadonlyMap<string, ReadonlySet<string> | 'any'>;
  /** Names the user that the product sees. */
  readonly accountHeader: string;
  /** Its value without a user. */
  readonly anonymous: string;
  /** A redirect to a path with one of these ends counts, unless the answer names a user. */
  readonly loginPages: readonly string[];
}

/** Of Atlassian's products: Seraph logs in, and demands a CAPTCHA after some failed logins. */
export const SERAPH_SIGNS: RefusalSigns = {
  headers: new Map<string, ReadonlySet<string> | 'any'>([
    ['x-authentication-denied-reason', 'any'],
    ['x-seraph-loginreason', new Set(['authenticated_failed', 'authentication_denied'])],
  ]),
  accountHeader: 'x-ausername',
  anonymous: 'anonymous',
  loginPages: ['/login.jsp', '/login.action', '/login'],
};

/**
 * R70: whether an answer refuses the credential itself. A 403 alone is a missing permission, and so is a 401 that names
 * the user: Bitbucket answers so.
 * @param signs of the product; null: only the status counts
 */
export function refusesCredential(status: number, lines: HeaderLines, signs: RefusalSigns | null): boolean {
  if (signs === null) return status === 401;
  let hasUser = false;
  let location: string | null = null;
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const name = (lines[index] as string).toLowerCase();
    const value = lines[index + 1] as string;
    if (name === signs.accountHeader) {
      if (value.trim().toLowerCase() === signs.anonymous) return true;
      hasUser ||= value.trim() !== '';
    } else if (name === 'location') {
      location = value;
    } else if (isSign(signs.headers.get(name), value)) {
      return true;
    }
  }
  if (hasUser) return false;
  return status === 401 || (location !== null && isRedirect(status) && leadsToLogin(location, signs.loginPages));
}

function isSign(values: ReadonlySet<string> | 'any' | undefined, value: string): boolean {
  if (values === undefined || values === 'any') return values === 'any';
  return value.split(',').some((part) => values.has(part.trim().toLowerCase()));
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}

/** With or without a host, a session id, and a query. */
function leadsToLogin(location: string, pages: readonly string[]): boolean {
  const [path = ''] = location.trim().toLowerCase().split(/[?#;]/, 1);
  return pages.some((page) => path.endsWith(page));
}
