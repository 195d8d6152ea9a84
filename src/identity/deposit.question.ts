import { productOf } from '@scopegate/product';
import { adviceFor, credentialLine, readAccount } from '@scopegate/upstream';
import type { ProtectedApplication } from '../applications/application.js';
import { askUpstream, questionLines } from '../applications/upstream.question.js';
import type { DepositCredential, DepositRules } from './deposit.js';

/** Shorter than the application's own limit: a user waits. */
const MAX_TIMEOUT_MS = 5_000;

export type TrialResult =
  | { readonly kind: 'account'; readonly account: string }
  | { readonly kind: 'refused'; readonly detail: string }
  /** Nothing is known about the credential. */
  | { readonly kind: 'no-result'; readonly detail: string };

/**
 * Asks the upstream whose credential it is. Follows no redirect; an answer is never shown, except the name of the
 * account.
 * @param application of a kind that has such a call
 */
export async function tryDeposit(
  application: ProtectedApplication,
  { bearer }: DepositRules,
  credential: DepositCredential,
): Promise<TrialResult> {
  const { kind } = application.rules;
  const { whoAmI } = productOf(kind);
  if (whoAmI === null) throw new Error(`The kind ${kind} has no call that returns the current user.`);
  const answer = await askUpstream({
    endpoint: application,
    path: application.target.basePath + whoAmI.path,
    headers: [
      ...questionLines(application),
      ...credentialLine({ ...credential, header: null }, credential.secret, bearer),
    ],
    timeoutMs: Math.min(application.options.timeoutMs, MAX_TIMEOUT_MS),
  });
  if (answer.kind === 'no-answer') return noResult(adviceFor(answer.failure));
  const { status, body } = answer;
  if (status === 401 || status === 403) {
    return refused(
      `The application refuses the credential with ${status}. Check it and its expiry. If the application asks for a ` +
        'CAPTCHA, log in to it in a browser first.',
    );
  }
  if (status >= 300 && status < 400) {
    return refused('The application redirects the request, as it does to its login. Check the credential.');
  }
  if (status !== 200) return noResult(`The call ${whoAmI.path} answers ${status}. Tell an administrator.`);
  const reading = body === null ? ({ known: false } as const) : readAccount(body, whoAmI.account);
  if (!reading.known) {
    return noResult(`The answer of ${whoAmI.path} does not look like ${productOf(kind).name}. Tell an administrator.`);
  }
  const { account } = reading;
  return account === null
    ? refused('The application sees no user in a request with the credential. Check it and its type.')
    : { kind: 'account', account };
}

function refused(detail: string): TrialResult {
  return { kind: 'refused', detail };
}

function noResult(detail: string): TrialResult {
  return { kind: 'no-result', detail: `The credential could not be tried. ${detail}` };
}
