import { LOGIN_PROBLEMS, type LoginProblem } from '../../../../libs/access/login-problem';

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

/** Where the login at the provider begins; it leads back to the page that was asked for. */
export function oidcAddress({ pathname }: { readonly pathname: string }, isStepUp = false): string {
  const query = new URLSearchParams({ returnTo: pathname.endsWith('/login') ? '/console' : pathname });
  if (isStepUp) query.set('stepUp', 'true');
  return `/api/v1/session/oidc?${query.toString()}`;
}
