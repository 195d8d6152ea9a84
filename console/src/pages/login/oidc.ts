/** What is said to somebody whose login at the provider did not lead to a session. The server sends one of these codes. */
const FAILURES: Readonly<Record<string, string>> = {
  access_denied: 'The login was cancelled, or your organisation does not let you in.',
  unknown_user: 'There is no active user for you here. Ask an administrator.',
  expired: 'The login took too long. Try again.',
  unavailable: 'Your organisation’s login cannot be reached. Try again, or log in with a password.',
};
const OTHER_FAILURE = 'The login did not work. Try again.';

/** @param search of the address of the page @returns null if nothing went wrong */
export function oidcProblem(search: string): string | null {
  const code = new URLSearchParams(search).get('problem');
  return code === null ? null : (FAILURES[code] ?? OTHER_FAILURE);
}

/** Where the login at the provider begins; it leads back to the page that was asked for. */
export function oidcAddress({ pathname }: { readonly pathname: string }, isStepUp = false): string {
  const query = new URLSearchParams({ returnTo: pathname.endsWith('/login') ? '/console' : pathname });
  if (isStepUp) query.set('stepUp', 'true');
  return `/api/v1/session/oidc?${query.toString()}`;
}
