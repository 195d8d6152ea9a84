import { isAddressAllowed } from '@scopegate/network';
import { isRewritten } from '@scopegate/path';
import { productOf } from '@scopegate/product';
import { isReadMethod } from '@scopegate/scope';
import { isExpired, isScopegateFormat, sameUserName, tokenFault } from '@scopegate/token';
import { forbiddenAddressDetail } from './admit.js';
import { hasBrowserSessionEnded, needsStepUp } from './browser-session.js';
import type { Credential } from './credential.js';
import { bansPassword, isBannedPath } from './password-ban.js';
import { deny, type Admitted, type Authenticated, type Deny, type PassThrough } from './decision.js';
import {
  MANAGEMENT_KEY,
  type ApplicationRules,
  type AuthenticationFacts,
  type PrincipalFacts,
  type TokenFacts,
  type FoundToken,
  type NotFound,
} from './facts.js';
import { overridingMethodsOfHead } from './request-methods.js';

const SESSION_OVER =
  'The session in the cookie has ended, or it is not a session of this gateway. Log in again, or send no cookie.';

const EMPTY_PASSWORD = 'The password is empty. Send the user name with its password or with a token.';

const FOR_OTHER_APPLICATIONS = 'This token is limited to other applications. Create one for this application.';

/**
 * Checks the token, its validity, and whether this kind of path accepts it. Passwords for the upstream, anonymous
 * requests and other cookies pass through.
 */
export function authenticate(admitted: Admitted, facts: AuthenticationFacts): Authenticated | PassThrough | Deny {
  if (facts.token !== undefined) return authenticateToken(admitted, facts.token, facts);
  if (admitted.credential.kind !== 'token' && admitted.application === null) return authenticateLogin(admitted, facts);
  const refused = refusePresented(admitted);
  if (refused !== null) return refused;
  return admitted.application === null || isForwarded(admitted.credential, admitted.application)
    ? { kind: 'pass', admitted, destination: null }
    : deny('authentication_required', admitted);
}

/** With `anonymous: deny`, only a credential that the application judges itself: a password, or a named scheme (R120). */
function isForwarded(credential: Credential, { anonymous, passSchemes }: ApplicationRules): boolean {
  if (anonymous === 'allow') return true;
  switch (credential.kind) {
    case 'password':
      return true;
    case 'native-token':
      return passSchemes.has('bearer');
    case 'other':
      return credential.scheme !== null && passSchemes.has(credential.scheme);
    case 'cookie':
    case 'none':
    case 'session':
    case 'token':
      return false;
  }
}

function refusePresented(admitted: Admitted): Deny | null {
  const { application, credential, path } = admitted;
  if (credential.kind === 'token') {
    const detail = credential.via === 'cookie' ? SESSION_OVER : tokenFault(credential.secret);
    return deny('token_malformed', admitted, { detail });
  }
  if (application === null || path === null) return null;
  const isNativeToken = application.nativeTokensDisabled && presentsNativeToken(credential, application);
  if (isNativeToken && isBannedPath(path)) {
    return { ...deny('native_token_disabled', admitted), credential: 'native-token' };
  }
  return credential.kind === 'password' && bansPassword(admitted) ? deny('password_disabled', admitted) : null;
}

/** R53: the product's own token, sent as Bearer, or as a password with its prefix. */
function presentsNativeToken(credential: Credential, { kind }: ApplicationRules): boolean {
  if (credential.kind !== 'password') return credential.kind === 'native-token';
  const { secret, besideNativeToken } = credential;
  return (
    besideNativeToken === true ||
    (secret !== null && productOf(kind).nativeTokens?.prefixes.some((prefix) => secret.startsWith(prefix)) === true)
  );
}

function authenticateToken(
  admitted: Admitted,
  lookup: FoundToken | NotFound,
  { nowMs, vendorMount, concernsOwnToken = false }: AuthenticationFacts,
): Authenticated | Deny {
  const credential = admitted.credential;
  if (!lookup.found) {
    const isSession = credential.kind === 'token' && credential.via === 'cookie';
    const denial = deny('token_unknown', admitted, { detail: isSession ? SESSION_OVER : undefined });
    return lookup.hasEnded === true ? { ...denial, hasEnded: true } : denial;
  }
  const { token, owner } = lookup;
  const presented = credential.kind === 'token' ? credential.username : null;
  if (presented !== null && !sameUserName(presented, token.ownerName)) {
    return deny('owner_mismatch', admitted, { token });
  }
  if (token.revokedAt !== null) return deny('token_revoked', admitted, { token });
  if (owner === null || !owner.active) return deny('owner_inactive', admitted, { token });
  if (isExpired(token, admitted.policy.validity, nowMs)) return deny('token_expired', admitted, { token });
  if (token.allowList !== null && !isAddressAllowed(token.allowList, admitted.address.client)) {
    return deny('ip_not_allowed', admitted, { token, detail: forbiddenAddressDetail(admitted.address) });
  }
  const refused =
    admitted.application !== null
      ? (refuseKindOfPath(admitted, token) ?? refuseOwner(admitted, token, owner))
      : concernsOwnToken
        ? null
        : refuseAtManagement(admitted, token, vendorMount);
  return refused ?? { kind: 'authenticated', admitted, principal: owner, token };
}

/** R125: a token limited to applications works at Scopegate's own API only if its list says so. */
function refuseAtManagement(admitted: Admitted, token: TokenFacts, vendorMount: string | null): Deny | null {
  if (token.applications === null || token.applications.has(vendorMount ?? MANAGEMENT_KEY)) return null;
  return deny('token_not_accepted', admitted, {
    token,
    detail:
      vendorMount === null
        ? 'This token is limited to applications. For the management API, create one whose applications include ' +
          `"${MANAGEMENT_KEY}".`
        : FOR_OTHER_APPLICATIONS,
  });
}

const NOT_REST =
  'This is not a REST path. A token works only on REST paths, and with GET and HEAD on the paths in "tokenPaths" of ' +
  'the application.';

/** R118: a listed path beside REST, read and not written. */
function isTokenPath({ application, path, request }: Admitted): boolean {
  if (application === null || path?.strict.ok !== true || path.strict.pathClass !== 'other') return false;
  const { method } = request;
  return (
    (method === 'GET' || method === 'HEAD') &&
    application.tokenPaths.matches(method, path.strict.canonical) &&
    !isRewritten(path.strict.canonical, productOf(application.kind).paths) &&
    overridingMethodsOfHead(request).every(isReadMethod)
  );
}

function refuseKindOfPath(admitted: Admitted, token: TokenFacts): Deny | null {
  const { application, path } = admitted;
  if (application === null || path === null) return null;
  if (!path.strict.ok) return deny('path_ambiguous', admitted, { token, detail: path.strict.detail });
  if (path.remoteApiRequest) return deny('remote_api_needs_password', admitted, { token });
  const rest = path.strict.pathClass === 'rest' || path.strict.pathClass === 'rest-session';
  if (!rest && !isTokenPath(admitted)) {
    return deny('token_not_accepted', admitted, { token, detail: NOT_REST });
  }
  if (token.applications !== null && !token.applications.has(application.key)) {
    return deny('token_not_accepted', admitted, { token, detail: FOR_OTHER_APPLICATIONS });
  }
  if (path.strict.pathClass !== 'rest-session' && isTokenInBody(admitted)) {
    return deny('token_not_accepted', admitted, {
      token,
      detail: 'Only /rest/auth/1/session accepts a token in the body. Send it in the Authorization header.',
    });
  }
  return null;
}

/** R71: the application is called by a service account that acts for the owner. */
function refuseOwner(admitted: Admitted, token: TokenFacts, { username }: PrincipalFacts): Deny | null {
  const detail = admitted.application?.acting?.userProblem(username) ?? null;
  return detail === null ? null : deny('token_not_accepted', admitted, { token, detail });
}

/**
 * R36: only the endpoint of R04 takes the secret out of the body. Under another name the body would go upstream with
 * it.
 */
function isTokenInBody({ request: { sessionBody } }: Admitted): boolean {
  return sessionBody?.kind === 'credential' && isScopegateFormat(sessionBody.secret);
}

/** At the management API all users are Scopegate's own, so nothing passes through. */
function authenticateLogin(admitted: Admitted, facts: AuthenticationFacts): Authenticated | Deny {
  const credential = admitted.credential;
  if (credential.kind === 'session') return authenticateSession(admitted, facts);
  if (credential.kind === 'password') {
    const { login } = facts;
    if (login?.matched === true) return { kind: 'authenticated', admitted, principal: login.user, token: null };
    return login?.retryAfterSeconds !== undefined
      ? { ...deny('too_many_failures', admitted), retryAfterSeconds: login.retryAfterSeconds }
      : deny('password_wrong', admitted, { detail: credential.secret === '' ? EMPTY_PASSWORD : undefined });
  }
  if (credential.kind === 'native-token') return deny('token_malformed', admitted);
  return deny('authentication_required', admitted, {
    detail: 'Send your user name and password by HTTP Basic, or a Scopegate token as Bearer.',
  });
}

/** An ended session, one that never was, and one of an inactive user have the same answer (R99). */
function authenticateSession(admitted: Admitted, { session: found, nowMs }: AuthenticationFacts): Authenticated | Deny {
  if (found?.found !== true || found.user === null || !found.user.active) return deny('session_expired', admitted);
  const { session, user } = found;
  if (hasBrowserSessionEnded(session, nowMs)) return deny('session_expired', admitted);
  const browser = { ...session, needsStepUp: needsStepUp(session, nowMs) };
  return { kind: 'authenticated', admitted, principal: user, token: null, browser };
}
