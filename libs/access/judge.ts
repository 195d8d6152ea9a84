import { lfsOperation, MAX_OVERRIDE_BODY_BYTES, overridingMethodsOfBody } from '@scopegate/scope';
import type { SessionId, TokenId } from '@scopegate/token';
import { MAX_ACTING_BODY_BYTES } from './acting.js';
import { admit, judgeRequestPath, needsSessionBody } from './admit.js';
import { refuseAnsweredHere } from './answered-here.js';
import { authenticate } from './authenticate.js';
import { authorize, needsBodyOverrides, needsLfsOperation, type RouteRules } from './authorize.js';
import { locateCopyDestination, type Mounts } from './copy-destination.js';
import {
  deny,
  type Admitted,
  type Allow,
  type Authenticated,
  type Decision,
  type Deny,
  type PassThrough,
} from './decision.js';
import type {
  AccessPolicy,
  ApplicationRules,
  AuthenticationFacts,
  DepositState,
  FoundBrowserSession,
  LoginResult,
  RequestFacts,
  FoundToken,
  NotFound,
} from './facts.js';
import {
  admitForm,
  MAX_FORM_BYTES,
  needsForm,
  needsFormToRefuse,
  needsWholeForm,
  refusesLargeForm,
} from './form-body.js';
import type { BrowserRules } from './own-origin.js';
import type { RequestHead } from './request-head.js';
import { copies } from './request-methods.js';
import { judgeDeposit, needsDeposit } from './upstream-credential.js';
import { MAX_SESSION_BODY_BYTES, readSessionBody } from './session-body.js';

/** Data in memory is returned at once and costs no turn of the event loop. */
export type Eventually<Value> = Value | Promise<Value>;

export interface AccessFacts {
  readonly request: RequestFacts;
  /** Null at the management API. */
  readonly application: ApplicationRules | null;
  readonly policy: AccessPolicy;
  /** For a vendor call: the key of the application that it came through (R125). */
  readonly vendorMount: string | null;
  readonly route: RouteRules;
  /** Left out where no browser session counts: at every door (R99). */
  readonly browser?: BrowserRules;
}

export interface AccessPorts {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  findToken(id: TokenId, secret: string, head: RequestHead): Eventually<FoundToken | NotFound>;
  /** The token that a session was made with (R11). */
  findSession(id: SessionId, secret: string): Eventually<FoundToken | NotFound>;
  /** By the value of the cookie (R99). The caller checks user and times. */
  findBrowserSession(secret: string): Eventually<FoundBrowserSession | NotFound>;
  /** The state of a user's own credential for an application (R68); null: there is none. */
  findDeposit(application: ApplicationRules, userId: string): Eventually<DepositState | null>;
  /** Checks a password at the management API, and counts a wrong one (R51). */
  logIn(admitted: Admitted): Promise<LoginResult>;
  /** For the destination of COPY and MOVE (R115). */
  readonly mounts: Mounts;
  /**
   * Null if only the head is known: the decision then ignores the body. `kept`: a proxy keeps it, and a request whose
   * body would decide is refused.
   */
  readonly body: BodyPort | 'kept' | null;
  /** Called after each passed stage, so that a later failure is recorded with what was known. */
  onPassed(stage: Admitted | Authenticated): void;
}

export interface BodyPort {
  /** Rejects if the body has more bytes than the limit. */
  readWhole(limit: number): Promise<Buffer>;
  /** Returns the first bytes of a larger body, or rejects it if `isLimited`. */
  readBeginning(limit: number, isLimited: boolean): Promise<Buffer>;
}

/** An LFS batch names at most some hundred objects. */
const MAX_LFS_BATCH_BYTES = 1_048_576;

/** The decision, stage after stage. Every door calls this. */
export function judge(facts: AccessFacts, ports: AccessPorts): Eventually<Decision> {
  return chain(admitRequest(facts, ports), (admitted) => {
    if (admitted.kind === 'deny') return admitted;
    ports.onPassed(admitted);
    // The gateway answers a preflight itself. Through another door, the application would get it without a credential.
    if (ports.body !== 'kept' && isPreflight(admitted)) {
      return { kind: 'pass', admitted, destination: null, isPreflight: true };
    }
    return chain(gather(admitted, facts, ports), (gathered) => {
      const result = authenticate(admitted, gathered);
      if (result.kind === 'deny') return refuse(result, admitted, ports.body);
      if (result.kind === 'pass') {
        return chain(checkForm(result, admitted, ports), (decision) => withDestination(decision, ports.mounts));
      }
      ports.onPassed(result);
      return chain(authorizeRequest(result, facts.route, ports), (decision) =>
        decision.kind === 'deny'
          ? decision
          : chain(checkActing(decision, ports), (checked) =>
              checked.kind === 'deny'
                ? checked
                : chain(checkForm(checked, admitted, ports), (last) => checkDeposit(last, ports)),
            ),
      );
    });
  });
}

/** R71: reads the body only if it could change who acts. */
function checkActing(allow: Allow, { body }: AccessPorts): Eventually<Allow | Deny> {
  const { admitted, token } = allow.authenticated;
  const acting = admitted.application?.acting ?? null;
  const { head } = admitted.request;
  if (body === null || token === null || acting === null || !acting.searchesBody(head)) return allow;
  if (body === 'kept') return deny('body_needed', admitted, { token });
  return body.readWhole(MAX_ACTING_BODY_BYTES).then((bytes) => {
    const detail = acting.bodyProblem(head, bytes);
    return detail === null ? allow : deny('credential_ambiguous', admitted, { token, detail });
  });
}

/** R70. Last: a request that is refused for another reason does not show whether there is a deposit. */
function checkDeposit(decision: Decision, ports: AccessPorts): Eventually<Decision> {
  if (decision.kind !== 'allow' || !needsDeposit(decision)) return decision;
  const { admitted, principal } = decision.authenticated;
  const { application } = admitted;
  if (application === null) return decision;
  return chain(ports.findDeposit(application, principal.id), (state) => judgeDeposit(decision, state));
}

/** A browser sends no credential with a preflight (R122). With one, it is an ordinary request. */
function isPreflight({ request, application, credential }: Admitted): boolean {
  const isBare = credential.kind === 'none' || credential.kind === 'cookie';
  return isBare && application !== null && application.cors !== null && application.cors.isPreflight(request);
}

function chain<Value, Result>(
  value: Eventually<Value>,
  next: (value: Value) => Eventually<Result>,
): Eventually<Result> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Reads a login in the body first, because it decides which credential counts (R04, R43). */
function admitRequest(
  { request, application, policy, browser }: AccessFacts,
  { body }: AccessPorts,
): Eventually<Admitted | Deny> {
  const path = judgeRequestPath(request.rawPath, application);
  if (body === null || !needsSessionBody(request.method, path)) {
    return admit(request, application, path, policy, browser);
  }
  if (body === 'kept') {
    const admitted = admit(request, application, path, policy);
    return admitted.kind === 'deny' ? admitted : deny('body_needed', admitted);
  }
  return body
    .readWhole(MAX_SESSION_BODY_BYTES)
    .then((bytes) => admit({ ...request, sessionBody: readSessionBody(bytes) }, application, path, policy));
}

/** R115: what is not judged is translated where it lies in the application, and goes on as it is elsewhere. */
function withDestination(decision: Decision, mounts: Mounts): Decision {
  if (decision.kind !== 'pass') return decision;
  const { application, request } = decision.admitted;
  if (application === null || request.head.destinations.length === 0 || !copies(request)) return decision;
  const destination = locateCopyDestination(decision.admitted, mounts);
  return destination.ok ? { ...decision, destination: destination.path } : decision;
}

/** Finds the token or session, or checks the password, if there is one. */
function gather(admitted: Admitted, facts: AccessFacts, ports: AccessPorts): Eventually<AuthenticationFacts> {
  const { credential, application, request } = admitted;
  const { vendorMount, route } = facts;
  if (credential.kind === 'token') {
    // A secret with a wrong shape or checksum has no id, and is refused without a look-up.
    const found =
      credential.via === 'cookie'
        ? credential.sessionId && ports.findSession(credential.sessionId, credential.secret)
        : credential.tokenId && ports.findToken(credential.tokenId, credential.secret, request.head);
    if (found !== null) {
      const { concernsOwnToken } = route;
      return chain(found, (token) => ({ token, vendorMount, concernsOwnToken, nowMs: ports.nowMs() }));
    }
  } else if (credential.kind === 'session') {
    return chain(ports.findBrowserSession(credential.secret), (session) => ({
      session,
      vendorMount,
      nowMs: ports.nowMs(),
    }));
  } else if (application === null && credential.kind === 'password') {
    return ports.logIn(admitted).then((login) => ({ login, vendorMount, nowMs: ports.nowMs() }));
  }
  return { vendorMount, nowMs: ports.nowMs() };
}

/** R109: if the head has no credential, a token in the form gets an answer that says where it belongs. */
function refuse(denial: Deny, admitted: Admitted, body: AccessPorts['body']): Eventually<Deny> {
  if (body === null || body === 'kept' || !needsFormToRefuse(denial, admitted)) return denial;
  return body.readBeginning(MAX_FORM_BYTES, false).then((bytes) => {
    const again = admitForm(admitted, bytes);
    return again.kind === 'deny' ? again : denial;
  });
}

/** R12, R14: reads the body only if the scope depends on it and the head alone does not refuse the request. */
function authorizeRequest(
  authenticated: Authenticated,
  route: RouteRules,
  { body, mounts }: AccessPorts,
): Eventually<Allow | Deny> {
  const { admitted, token } = authenticated;
  const { lines } = admitted.request.head;
  if (body !== null && needsLfsOperation(authenticated, route)) {
    if (body === 'kept') return deny('body_needed', admitted, { token });
    return body.readWhole(MAX_LFS_BATCH_BYTES).then((bytes) =>
      authorize(authenticated, {
        route,
        mounts,
        lfsOperation: lfsOperation(bytes),
        bodyOverrides: overridingMethodsOfBody(lines, bytes),
      }),
    );
  }
  const ofHead = authorize(authenticated, { route, mounts });
  const refusal = body === 'kept' && ofHead.kind === 'allow' ? refuseAnsweredHere(authenticated) : null;
  if (refusal !== null) return refusal;
  if (body === null || ofHead.kind === 'deny' || !needsBodyOverrides(authenticated, { route, mounts })) return ofHead;
  if (body === 'kept') return deny('body_needed', admitted, { token });
  return body
    .readWhole(MAX_OVERRIDE_BODY_BYTES)
    .then((bytes) => authorize(authenticated, { route, mounts, bodyOverrides: overridingMethodsOfBody(lines, bytes) }));
}

function needBodyOf(decision: Allow | PassThrough): Deny {
  if (decision.kind === 'pass') return deny('body_needed', decision.admitted);
  const { admitted, token } = decision.authenticated;
  return deny('body_needed', admitted, { token });
}

/** R43, R109: searches the form of a request that passed everything else, and judges it again with the result. */
function checkForm(decision: Allow | PassThrough, admitted: Admitted, ports: AccessPorts): Eventually<Decision> {
  const { body } = ports;
  if (body === null || !needsForm(admitted.request.head, admitted.application)) return decision;
  if (body === 'kept') return needsWholeForm(decision, admitted) ? needBodyOf(decision) : decision;
  return body.readBeginning(MAX_FORM_BYTES, refusesLargeForm(admitted)).then((bytes) => {
    const again = admitForm(admitted, bytes);
    if (again.kind === 'deny') return again;
    if (decision.kind === 'allow') {
      // The token or session has been judged already; a password beside it would log in another user.
      return again.credential.kind === 'password' ? deny('credential_ambiguous', again) : decision;
    }
    const result = authenticate(again, { vendorMount: null, nowMs: ports.nowMs() });
    if (result.kind !== 'pass') return result.kind === 'deny' ? result : decision;
    ports.onPassed(again);
    return result;
  });
}
