import { LOGIN_PROBLEMS, type LoginProblem } from '../../../../libs/access/login-problem';
import type { PromptKind } from '../../api/prompts';

/** The page that ends a login in a tab of its own. */
export const PROVEN_PATH = '/logged-in';

const OTHER_FAILURE = { title: 'The login did not work', remedy: 'Try again.' };

/**
 * What is said to somebody whose login at the provider did not lead to a session. Only our own texts are shown.
 * @param search of the address of the page
 * @returns null if nothing went wrong
 */
export function oidcProblem(search: string): { readonly title: string; readonly remedy: string } | null {
  const code = new URLSearchParams(search).get('problem');
  if (code === null) return null;
  return Object.hasOwn(LOGIN_PROBLEMS, code) ? LOGIN_PROBLEMS[code as LoginProblem] : OTHER_FAILURE;
}

/** The server refuses longer ones. */
const MAX_RETURN_LENGTH = 1_024;

/** Where the login at the provider begins; it leads back to the page that was asked for, with its filter. */
export function oidcAddress({ pathname, search }: Pick<Location, 'pathname' | 'search'>): string {
  if (pathname.endsWith('/login')) return addressOf({ returnTo: '/console' });
  const page = pathname + search;
  return addressOf({ returnTo: page.length > MAX_RETURN_LENGTH ? pathname : page });
}

/** Where it begins in a tab of its own, while the page that needs it stays open. */
export function proofAddress(kind: PromptKind): string {
  return addressOf({ returnTo: `/console${PROVEN_PATH}`, ...(kind === 'step-up' ? { stepUp: 'true' } : {}) });
}

function addressOf(query: Readonly<Record<string, string>>): string {
  return `/api/v1/session/oidc?${new URLSearchParams(query).toString()}`;
}
