import { deny, type Allow, type Deny } from './decision.js';
import type { DepositState } from './facts.js';

/** R68: a token request that goes upstream with a credential of its owner. The end of a session stays here (R77). */
export function needsDeposit({ authenticated: { admitted, token } }: Allow): boolean {
  const { application, path, request } = admitted;
  if (token === null || application === null || !application.needsDeposit) return false;
  const isOfSession = path?.strict.ok === true && path.strict.pathClass === 'rest-session';
  return !isOfSession || !ENDS_OR_DESCRIBES.has(request.method);
}

const ENDS_OR_DESCRIBES: ReadonlySet<string> = new Set(['DELETE', 'OPTIONS']);

/** R70: nothing is forwarded without it, and never under another identity. */
export function judgeDeposit(allow: Allow, state: DepositState | null): Allow | Deny {
  if (state === 'working') return allow;
  const { admitted, token } = allow.authenticated;
  const key = admitted.application?.key ?? '';
  return deny(state === 'rejected' ? 'upstream_credential_rejected' : 'upstream_credential_missing', admitted, {
    token,
    detail: depositDetail(state, key),
  });
}

/** The text for the owner of a deposit that cannot be used: it names the call that helps. */
export function depositDetail(state: Exclude<DepositState, 'working'> | null, application: string): string {
  const call = `/api/v1/me/credentials/${application}`;
  switch (state) {
    case null:
      return (
        'This application is called with a credential of your own, such as a personal access token of it, and you ' +
        `have stored none. Store one with PUT ${call}.`
      );
    case 'unchecked':
      return (
        'Your stored credential for this application is not sent: the application has another address now, its account ' +
        `is not yours any more, or it cannot be decrypted. Confirm it with POST ${call}/check, or store another one with PUT ${call}.`
      );
    case 'rejected':
      return (
        'The application refused your stored credential, so it is not sent again. Your token is not the cause. Store ' +
        `a new credential with PUT ${call}, or ask for a new try with POST ${call}/check.`
      );
  }
}
