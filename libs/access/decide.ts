import { admit, judgeRequestPath } from './admit.js';
import { authenticate } from './authenticate.js';
import { authorize, type AuthorizationFacts } from './authorize.js';
import type { Decision } from './decision.js';
import type { AccessPolicy, ApplicationRules, AuthenticationFacts, RequestFacts } from './facts.js';

/** Everything a decision depends on. */
export interface AccessFacts {
  readonly request: RequestFacts;
  readonly application: ApplicationRules | null;
  readonly policy: AccessPolicy;
  readonly authentication: AuthenticationFacts;
  readonly authorization: AuthorizationFacts;
}

/**
 * The whole decision, stage after stage; a stage cannot be left out, since each takes what the one before it gives.
 * The guards call the same stages one by one, so that a look-up happens only when it is needed.
 */
export function decideAccess(facts: AccessFacts): Decision {
  const path = judgeRequestPath(facts.request.rawPath, facts.application);
  const admitted = admit(facts.request, facts.application, path, facts.policy);
  if (admitted.kind === 'deny') return admitted;
  const authenticated = authenticate(admitted, facts.authentication);
  if (authenticated.kind !== 'authenticated') return authenticated;
  return authorize(authenticated, facts.authorization);
}
