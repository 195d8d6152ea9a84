import type { ApplicationKind } from '@scopegate/kernel';

/** What an upstream's answer says of the user it takes a request for. */
export type AccountReading = { readonly known: true; readonly account: string | null } | { readonly known: false };

/** The call with which a product tells whom it takes a request for. */
export interface WhoAmI {
  /** Below the path of the upstream. */
  readonly path: string;
  /** Reads the answer to a success. An account of null is nobody: the product takes the request for an anonymous one. */
  readonly read: (body: string) => AccountReading;
}

/** The calls of the products that have one (R126). */
export const WHO_AM_I: Readonly<Record<ApplicationKind, WhoAmI | null>> = {
  jira: { path: '/rest/api/2/myself', read: (body) => memberOf(body, 'name') },
  confluence: { path: '/rest/api/user/current', read: (body) => memberOf(body, 'username') },
  // Plain text, and empty for nobody.
  bitbucket: { path: '/plugins/servlet/applinks/whoami', read: (body) => accountOf(body.trim()) },
  generic: null,
};

/** Longer than any name of a user. What else a body holds is not told to anybody. */
const MAX_ACCOUNT_LENGTH = 255;

function memberOf(body: string, name: string): AccountReading {
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch {
    return { known: false };
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return { known: false };
  const account: unknown = (document as Readonly<Record<string, unknown>>)[name];
  if (account === undefined || account === null) return { known: true, account: null };
  return typeof account === 'string' ? accountOf(account) : { known: false };
}

/** A page in place of an account is no account. */
function accountOf(text: string): AccountReading {
  if (text === '') return { known: true, account: null };
  return text.length <= MAX_ACCOUNT_LENGTH && /^[^\p{Cc}\p{Cs}<>]+$/u.test(text)
    ? { known: true, account: text }
    : { known: false };
}
