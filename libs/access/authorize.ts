import { bodyKindOf } from '@scopegate/kernel';
import { readingsOf } from '@scopegate/path';
import { holds } from '@scopegate/permission';
import { productOf } from '@scopegate/product';
import {
  countsAsRead,
  coversWrites,
  gitService,
  isReadMethod,
  mayOverrideInBody,
  type BodyOverrides,
  type GitService,
  type LfsOperation,
  type Scope,
} from '@scopegate/scope';
import { isBlockedByBody, mayBecomeBlocked } from './blocked-request.js';
import { judgeCopyDestination, type Mounts } from './copy-destination.js';
import { deny, type Allow, type Authenticated, type Deny } from './decision.js';
import type { PrincipalFacts, RequestFacts, TokenFacts } from './facts.js';
import { copies, mayCopyByBody, methodsIn, overridingMethodsOfHead } from './request-methods.js';

export interface AuthorizationFacts {
  readonly route: RouteRules;
  /** The operation of an LFS batch (R14); set only if `needsLfsOperation` returns true. */
  readonly lfsOperation?: LfsOperation | undefined;
  /** What the body says of the method (R12); only where `needsBodyOverrides` says so. */
  readonly bodyOverrides?: BodyOverrides | undefined;
  /** For the destination of COPY and MOVE (R115). */
  readonly mounts: Mounts;
}

/**
 * `privileged`: administrators, and who may create tokens for others. A token that they make could change rules without
 * a step-up, long after the session.
 */
export type StepUpFor = 'everybody' | 'privileged';

export interface RouteRules {
  /** One of the two endpoints that create tokens, which a read-only token may POST to (R05). */
  readonly createsToken: boolean;
  /** Concerns the presented token alone: open to every scope, and to tokens limited to applications (R123). */
  readonly concernsOwnToken: boolean;
  /** Changes passwords, users or groups: refused for every token, whatever its scope (R125). */
  readonly needsPasswordLogin: boolean;
  readonly administratorsOnly: boolean;
  /** `opens`: a login in the body makes a browser session. `needed`: the route is about the session itself (R99). */
  readonly session: 'opens' | 'needed' | null;
  /** Who needs a recent login here, with a browser session (R99); null: nobody. */
  readonly needsStepUp: StepUpFor | null;
  /**
   * Asks about tokens or requests (R90): for administrators and holders of the permission `introspect`. It changes
   * nothing, so a read-only token may POST to it.
   */
  readonly introspects: boolean;
  /** What a route behind a guard asks for; null: method and path decide. */
  readonly scope: Scope | null;
}

export const NO_ROUTE: RouteRules = {
  createsToken: false,
  concernsOwnToken: false,
  needsPasswordLogin: false,
  administratorsOnly: false,
  session: null,
  needsStepUp: null,
  introspects: false,
  scope: null,
};

/** Members of this group administer Scopegate. */
export const ADMINISTRATORS = 'administrators';

export function isAdministrator({ groups }: PrincipalFacts): boolean {
  return groups.has(ADMINISTRATORS);
}

const INTROSPECT = 'Only administrators and users with the permission "introspect" may do this.';

const NEEDS_SESSION =
  'This is about the session of a browser, and the request has none. Log in with POST /api/v1/session.';

const NEEDS_PASSWORD_LOGIN = 'A token may not do this, whatever its scope. Log in with your password.';

function mayOnlyRead({ token }: Authenticated): boolean {
  return token !== null && !coversWrites(token.scope);
}

/** The operation of an LFS batch decides whether a read-only token may send it (R14). */
export function needsLfsOperation(authenticated: Authenticated, route: RouteRules): boolean {
  return route.scope === null && mayOnlyRead(authenticated) && gitServiceOf(authenticated) === 'lfs-batch';
}

/**
 * R12: a request that counts as a read through an exception or git may name another method in its body; so may one to a
 * path that is blocked for that method (R124), or with a destination (R115).
 */
export function needsBodyOverrides(authenticated: Authenticated, facts: AuthorizationFacts): boolean {
  const { request } = authenticated.admitted;
  if (!request.head.announcesBody || !mayOverrideInBody(request.head.lines)) return false;
  const mayBecomeAnother =
    authenticated.token !== null && (mayCopyByBody(request) || mayBecomeBlocked(request, authenticated.admitted));
  return mayBecomeAnother || isMadeRead(authenticated, facts);
}

/** Only an exception or git's protocol makes this request a read. */
function isMadeRead(authenticated: Authenticated, facts: AuthorizationFacts): boolean {
  const { admitted } = authenticated;
  return (
    facts.route.scope === null &&
    mayOnlyRead(authenticated) &&
    !isReadMethod(admitted.request.method) &&
    admitted.application !== null &&
    (gitServiceOf(authenticated) !== null || isException(authenticated, facts))
  );
}

const MULTIPART_BODY =
  'A read-only token may not send a multipart body, because the gateway does not search it for another ' +
  'method. Use a read-write token.';
const UNREADABLE_BODY =
  'The gateway cannot search this body for another method. With a read-only token, send JSON in UTF-8 or a ' +
  'form, uncompressed, with each name once.';

const UPGRADE =
  'The messages on an upgraded connection (WebSocket) are not judged, so a read-only token may not open one. Use a ' +
  'read-write token, or ask an administrator to allow it for this application ("readOnlyUpgrades").';

/** The protocols to which this request may switch its connection, as one line; null for an ordinary request (R116). */
export function upgradeOf({ httpVersion, head }: Pick<RequestFacts, 'httpVersion' | 'head'>): string | null {
  return httpVersion === '1.1' ? head.upgrade : null;
}

/**
 * Checks whether the owner may use tokens (R25), whether the scope allows the request (R02 to R14), and the route
 * (R63).
 */
export function authorize(authenticated: Authenticated, facts: AuthorizationFacts): Allow | Deny {
  const { admitted, token, principal, browser } = authenticated;
  const isForOthers = !isAdministrator(principal) && !mayCall(authenticated, facts.route);
  const refusal = token === null ? null : refuseToken(authenticated, token, facts, isForOthers);
  if (refusal !== null) return refusal;
  if (isForOthers) {
    const detail = facts.route.introspects ? INTROSPECT : undefined;
    return deny('administrator_required', admitted, { token, detail });
  }
  if (facts.route.session === 'needed' && browser === undefined) {
    return deny('authentication_required', admitted, { token, detail: NEEDS_SESSION });
  }
  if (lacksStepUp(authenticated, facts.route)) return deny('step_up_required', admitted);
  const { application, request } = admitted;
  const names = request.head.destinations.length > 0;
  if (token === null || application === null || !names || !copies(request, facts.bodyOverrides)) {
    return { kind: 'allow', authenticated, destination: null };
  }
  const destination = judgeCopyDestination(admitted, facts.mounts);
  return destination.ok
    ? { kind: 'allow', authenticated, destination: destination.path }
    : deny(destination.code, admitted, { token, detail: destination.detail });
}

function lacksStepUp({ admitted, principal, browser }: Authenticated, { needsStepUp }: RouteRules): boolean {
  if (browser?.needsStepUp !== true || needsStepUp === null) return false;
  if (needsStepUp === 'everybody' || isAdministrator(principal)) return true;
  return holds(admitted.policy.permissions, 'createOnBehalf', principal.groups);
}

/** Without being an administrator. */
function mayCall({ admitted, principal }: Authenticated, { administratorsOnly, introspects }: RouteRules): boolean {
  if (administratorsOnly) return false;
  return !introspects || holds(admitted.policy.permissions, 'introspect', principal.groups);
}

function refuseToken(
  authenticated: Authenticated,
  token: TokenFacts,
  facts: AuthorizationFacts,
  isForOthers: boolean,
): Deny | null {
  const { admitted, principal } = authenticated;
  if (!holds(admitted.policy.permissions, 'useTokens', principal.groups)) {
    return deny('use_not_permitted', admitted, { token });
  }
  // A user who may not do this at all gets that reason, and not this one (R63).
  if (facts.route.needsPasswordLogin && !isForOthers) {
    const denial = deny('scope_insufficient', admitted, { token, detail: NEEDS_PASSWORD_LOGIN });
    return { ...denial, needsPasswordLogin: true };
  }
  if (isBlockedByBody(admitted.request, admitted, facts.bodyOverrides)) {
    return deny('path_blocked', admitted, { token });
  }
  if (!coversWrites(token.scope)) {
    if (!readOnlyCovers(authenticated, facts)) return deny('scope_insufficient', admitted, { token });
    const detail = unreadableBody(authenticated, facts);
    if (detail !== null) return deny('scope_insufficient', admitted, { token, detail });
  }
  if (admitted.path?.sessionEndpoint === true && asksForUpstreamSession(authenticated)) {
    return deny('token_not_accepted', admitted, { token, detail: OTHER_SESSION_NAME });
  }
  return refusesUpgrade(authenticated, facts.route)
    ? deny('scope_insufficient', admitted, { token, detail: UPGRADE })
    : null;
}

/** R116. Last: an upgrade changes no other refusal. */
function refusesUpgrade(authenticated: Authenticated, { scope }: RouteRules): boolean {
  if (scope !== null || !mayOnlyRead(authenticated)) return false;
  const { application, request } = authenticated.admitted;
  return application?.readOnlyUpgrades === false && upgradeOf(request) !== null;
}

/** R12: the body of an excepted request could hide another method. @returns what is wrong with it, or null */
function unreadableBody(authenticated: Authenticated, facts: AuthorizationFacts): string | null {
  if (facts.bodyOverrides === 'unreadable') return UNREADABLE_BODY;
  const { head } = authenticated.admitted.request;
  return isMadeRead(authenticated, facts) && head.announcesBody && bodyKindOf(head.lines) === 'multipart'
    ? MULTIPART_BODY
    : null;
}

const OTHER_SESSION_NAME = 'This name of the session endpoint does not accept a token. Use /rest/auth/1/session.';

/**
 * R11: the answer could contain a session of the upstream. The gateway answers the endpoint under the names of R04;
 * under another name a token may only read there.
 */
function asksForUpstreamSession({ admitted: { path, request } }: Authenticated): boolean {
  if (path?.strict.ok === true && path.strict.pathClass === 'rest-session') return false;
  return !isSafeRequest(request);
}

function readOnlyCovers(authenticated: Authenticated, facts: AuthorizationFacts): boolean {
  const { scope } = facts.route;
  if (scope !== null) return !coversWrites(scope);
  const { request } = authenticated.admitted;
  return countsAsRead({
    method: request.method,
    overridingMethods: allOverridingMethods(authenticated, facts),
    exception: isException(authenticated, facts),
    git: gitServiceOf(authenticated),
    lfsOperation: facts.lfsOperation ?? null,
  });
}

function allOverridingMethods(authenticated: Authenticated, { bodyOverrides }: AuthorizationFacts): readonly string[] {
  return [...overridingMethodsOfHead(authenticated.admitted.request), ...methodsIn(bodyOverrides)];
}

/** RFC 9110 9.2.1; an overriding method in the head counts, too (R12). */
export function isSafeRequest(request: RequestFacts): boolean {
  return isReadMethod(request.method) && overridingMethodsOfHead(request).every(isReadMethod);
}

/**
 * R04 to R06: the product's two exceptions, by exact canonical path and POST; R13: the administrator's. A session may
 * end itself (R11), and a token may rotate and revoke itself (R123).
 */
function isException(authenticated: Authenticated, facts: AuthorizationFacts): boolean {
  const { request, application, path } = authenticated.admitted;
  const { concernsOwnToken, createsToken, introspects } = facts.route;
  if (concernsOwnToken || (request.method === 'POST' && (createsToken || introspects))) return true;
  if (application === null || path === null || !path.strict.ok) return false;
  if (path.strict.pathClass === 'rest-session' && endsOrMakesSession(authenticated)) return true;
  return application.exceptions.matches(request.method, path.strict.canonical);
}

function endsOrMakesSession({ admitted: { request, credential } }: Authenticated): boolean {
  const isOfSession = credential.kind === 'token' && credential.via === 'cookie';
  return request.method === 'POST' || (request.method === 'DELETE' && isOfSession);
}

/** R13, R14: counts as a push if two readings of the path differ, or if one has a separator that the path has not. */
function gitServiceOf(authenticated: Authenticated): GitService {
  const { request, application, path } = authenticated.admitted;
  if (application === null || !productOf(application.kind).servesGit || path?.strict.ok !== true) return null;
  const service = (reading: string): GitService => gitService(request.method, reading, request.query);
  const first = service(path.strict.canonical);
  if (!path.strict.canonical.includes('%')) return first;
  const readings = readingsOf(path.strict.canonical) ?? [];
  const isOne = readings.length > 0 && readings.every((reading) => service(reading) === first);
  return isOne && (first !== 'read' || !readings.some((reading) => /[;\\?#]/.test(reading))) ? first : 'write';
}
