import { lfsOperation, MAX_OVERRIDE_BODY_BYTES, overridingMethodsOfBody } from '@scopegate/scope';
import type { SessionId, TokenId } from '@scopegate/token';
import { admit, judgeRequestPath, needsSessionBody } from './admit.js';
import { authenticate } from './authenticate.js';
import { authorize, needsBodyOverrides, needsLfsOperation, type RouteRules } from './authorize.js';
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
  LoginResult,
  RequestFacts,
  FoundToken,
  NotFound,
} from './facts.js';
import { admitForm, MAX_FORM_BYTES, needsForm, needsFormToRefuse, refusesLargeForm } from './form-body.js';
import type { RequestHead } from './request-head.js';
import { MAX_SESSION_BODY_BYTES, readSessionBody } from './session-body.js';

/** A value that is there at once, or later. What is in memory costs no turn of the event loop. */
export type Eventually<Value> = Value | Promise<Value>;

/** What a decision depends on, except for what its ports find. */
export interface AccessFacts {
  readonly request: RequestFacts;
  /** Null at the management API. */
  readonly application: ApplicationRules | null;
  readonly policy: AccessPolicy;
  /** For one of the vendor's calls: the key of the application below whose mount it came (R125). */
  readonly vendorMount: string | null;
  readonly route: RouteRules;
}

/** What a door supplies. Each port is called only where the decision needs it. */
export interface AccessPorts {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  findToken(id: TokenId, secret: string, head: RequestHead): Eventually<FoundToken | NotFound>;
  /** The token that a session was made with (R11). */
  findSession(id: SessionId, secret: string): Eventually<FoundToken | NotFound>;
  /** Checks a password at the management API, and counts it if it is wrong (R51). */
  logIn(admitted: Admitted): Promise<LoginResult>;
  /** Null if only the head of the request is known: then the decision ignores the body. */
  readonly body: BodyPort | null;
  /** Called with each stage that the request has passed, so that a failure after it is recorded with what was known. */
  onPassed(stage: Admitted | Authenticated): void;
}

/** Reads the body of a request that cannot be judged without it. */
export interface BodyPort {
  /** Rejects if the body has more bytes than the limit. */
  readWhole(limit: number): Promise<Buffer>;
  /** Returns the first bytes of a larger body, or rejects it if `isLimited`. */
  readBeginning(limit: number, isLimited: boolean): Promise<Buffer>;
}

/** An LFS batch names at most some hundred objects. */
const MAX_LFS_BATCH_BYTES = 1_048_576;

/** The decision about a request, stage after stage: each takes what the one before it gives. Every door calls this. */
export function judge(facts: AccessFacts, ports: AccessPorts): Eventually<Decision> {
  return chain(admitRequest(facts, ports), (admitted) => {
    if (admitted.kind === 'deny') return admitted;
    ports.onPassed(admitted);
    return chain(gather(admitted, facts, ports), (gathered) => {
      const result = authenticate(admitted, gathered);
      if (result.kind === 'deny') return refuse(result, admitted, ports.body);
      if (result.kind === 'pass') return checkForm(result, admitted, ports);
      ports.onPassed(result);
      return chain(authorizeRequest(result, facts.route, ports.body), (decision) =>
        decision.kind === 'deny' ? decision : checkForm(decision, admitted, ports),
      );
    });
  });
}

function chain<Value, Result>(
  value: Eventually<Value>,
  next: (value: Value) => Eventually<Result>,
): Eventually<Result> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** A login in the body is read before anything is judged, because it decides which credential counts (R04, R43). */
function admitRequest(
  { request, application, policy }: AccessFacts,
  { body }: AccessPorts,
): Eventually<Admitted | Deny> {
  const path = judgeRequestPath(request.rawPath, application);
  if (body === null || !needsSessionBody(request.method, path)) return admit(request, application, path, policy);
  return body
    .readWhole(MAX_SESSION_BODY_BYTES)
    .then((bytes) => admit({ ...request, sessionBody: readSessionBody(bytes) }, application, path, policy));
}

/** Finds the token or the session of a request, or checks its password; nothing if the request has none of these. */
function gather(admitted: Admitted, facts: AccessFacts, ports: AccessPorts): Eventually<AuthenticationFacts> {
  const { credential, application, request } = admitted;
  const { vendorMount } = facts;
  if (credential.kind === 'token') {
    // A secret with a wrong shape or checksum has no id, and is refused without a look-up.
    const found =
      credential.via === 'cookie'
        ? credential.sessionId && ports.findSession(credential.sessionId, credential.secret)
        : credential.tokenId && ports.findToken(credential.tokenId, credential.secret, request.head);
    if (found !== null) return chain(found, (token) => ({ token, vendorMount, nowMs: ports.nowMs() }));
  } else if (application === null && credential.kind === 'password') {
    return ports.logIn(admitted).then((login) => ({ login, vendorMount, nowMs: ports.nowMs() }));
  }
  return { vendorMount, nowMs: ports.nowMs() };
}

/** Where the head presents nothing, a token in the form gets the answer that says where it belongs (R109). */
function refuse(denial: Deny, admitted: Admitted, body: BodyPort | null): Eventually<Deny> {
  if (body === null || !needsFormToRefuse(denial, admitted)) return denial;
  return body.readBeginning(MAX_FORM_BYTES, false).then((bytes) => {
    const again = admitForm(admitted, bytes);
    return again.kind === 'deny' ? again : denial;
  });
}

/** Reads what the scope depends on in a body (R12, R14). If the head is enough to refuse the request, the body is not read. */
function authorizeRequest(
  authenticated: Authenticated,
  route: RouteRules,
  body: BodyPort | null,
): Eventually<Allow | Deny> {
  const { lines } = authenticated.admitted.request.head;
  if (body !== null && needsLfsOperation(authenticated)) {
    return body.readWhole(MAX_LFS_BATCH_BYTES).then((bytes) =>
      authorize(authenticated, {
        route,
        lfsOperation: lfsOperation(bytes),
        bodyOverrides: overridingMethodsOfBody(lines, bytes),
      }),
    );
  }
  const ofHead = authorize(authenticated, { route });
  if (body === null || ofHead.kind === 'deny' || !needsBodyOverrides(authenticated, { route })) return ofHead;
  return body
    .readWhole(MAX_OVERRIDE_BODY_BYTES)
    .then((bytes) => authorize(authenticated, { route, bodyOverrides: overridingMethodsOfBody(lines, bytes) }));
}

/**
 * Looks for credentials in the form of a request that everything else lets through, and judges the request again with
 * what it finds (R43, R109).
 */
function checkForm(decision: Allow | PassThrough, admitted: Admitted, ports: AccessPorts): Eventually<Decision> {
  const { body } = ports;
  if (body === null || !needsForm(admitted.request.head, admitted.application)) return decision;
  return body.readBeginning(MAX_FORM_BYTES, refusesLargeForm(admitted)).then((bytes) => {
    const again = admitForm(admitted, bytes);
    if (again.kind === 'deny') return again;
    if (decision.kind === 'allow') {
      // A token, or a session of one, has been judged already; a password beside it would log in somebody else.
      return again.credential.kind === 'password' ? deny('credential_ambiguous', again) : decision;
    }
    const result = authenticate(again, { vendorMount: null, nowMs: ports.nowMs() });
    if (result.kind !== 'pass') return result.kind === 'deny' ? result : decision;
    ports.onPassed(again);
    return result;
  });
}
