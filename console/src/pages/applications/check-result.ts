import type { ApplicationCheck } from '../../data/applications';

interface CheckResult {
  readonly kind: 'good' | 'warning' | 'bad';
  readonly title: string;
}

/** The result of a test call in one sentence. */
export function checkResult({
  reachable,
  identityBelieved,
  upstreamAccount,
}: Pick<ApplicationCheck, 'reachable' | 'identityBelieved' | 'upstreamAccount'>): CheckResult {
  if (!reachable) return { kind: 'bad', title: 'The application does not answer.' };
  if (identityBelieved === true) {
    const account = upstreamAccount === null ? '' : `, and sees the user as ${upstreamAccount}`;
    return { kind: 'good', title: `It works: the application answers${account}.` };
  }
  if (identityBelieved === false) {
    const account =
      upstreamAccount === null ? 'does not believe who the user is' : `sees another user: ${upstreamAccount}`;
    return { kind: 'bad', title: `The application answers, but ${account}.` };
  }
  return { kind: 'warning', title: 'The application answers. Whether it believes who the user is, is not known.' };
}
