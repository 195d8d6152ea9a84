import { holds } from '@scopegate/permission';
import { countsAsRead, gitService, overridingMethods, type LfsOperation } from '@scopegate/scope';
import { denyAdmitted, type Allow, type Authenticated, type Deny } from './decision.js';

/** What the last stage needs besides the authenticated request. */
export interface AuthorizationFacts {
  /** The operation an LFS batch asks for (R14); only where `needsLfsOperation` says so. */
  readonly lfsOperation?: LfsOperation | undefined;
  /** Whether the request is for one of the two endpoints that create tokens (R05). */
  readonly createsToken?: boolean | undefined;
}

/** Whether the body of this request decides if it reads: an LFS batch with a read-only token (R14). */
export function needsLfsOperation(authenticated: Authenticated): boolean {
  return authenticated.token?.scope === 'read-only' && gitServiceOf(authenticated) === 'lfs-batch';
}

/** The last stages: may the owner use tokens at all (R25), and does the token's scope cover this request (R02 to R14). */
export function authorize(authenticated: Authenticated, facts: AuthorizationFacts): Allow | Deny {
  const { admitted, token, principal } = authenticated;
  if (token === null) return { kind: 'allow', authenticated };
  if (!holds(admitted.policy.permissions, 'useTokens', principal.groups)) {
    return denyAdmitted(admitted, 'use_not_permitted', token);
  }
  if (token.scope === 'read-only' && !readOnlyCovers(authenticated, facts)) {
    return denyAdmitted(admitted, 'scope_insufficient', token);
  }
  return { kind: 'allow', authenticated };
}

function readOnlyCovers(authenticated: Authenticated, facts: AuthorizationFacts): boolean {
  const { request, application, path } = authenticated.admitted;
  const overriding = overridingMethods(request.lines, request.query);
  const canonical = path?.strict.ok === true ? path.strict.canonical : null;
  const isSession = path?.strict.ok === true && path.strict.pathClass === 'rest-session';
  // The two exceptions of the product: these endpoints by exact path, and POST alone (R04 to R06).
  if ((isSession || facts.createsToken === true) && request.method === 'POST') {
    return overriding.every((method) => method === 'POST');
  }
  return countsAsRead({
    method: request.method,
    overriding,
    service: gitServiceOf(authenticated),
    lfsOperation: facts.lfsOperation ?? 'unknown',
    isException: (method) =>
      application !== null && canonical !== null && application.exceptions.matches(method, canonical),
  });
}

function gitServiceOf(authenticated: Authenticated): ReturnType<typeof gitService> {
  const { request, application, path } = authenticated.admitted;
  return application?.kind === 'bitbucket' && path?.strict.ok === true
    ? gitService(application.kind, request.method, path.strict.canonical, request.query)
    : null;
}
