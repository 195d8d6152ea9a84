import type { ClientAddress } from '@scopegate/network';
import type { PathJudgement } from '@scopegate/path';
import { credentialKind, presentedName, type Credential, type CredentialKind } from './credential.js';
import type { AccessPolicy, ApplicationRules, PrincipalFacts, RequestFacts, TokenFacts } from './facts.js';
import { REASONS, type ReasonCode } from './reasons.js';
import type { Stage } from './stages.js';

/** A refusal: which reason, at which stage, and what the client may be told of it. */
export interface Deny {
  readonly kind: 'deny';
  readonly code: ReasonCode;
  readonly detail: string;
  /** What is known of the caller by now, for the audit: never a secret. */
  readonly credential: CredentialKind;
  readonly username: string | null;
  readonly token: TokenFacts | null;
  readonly address: ClientAddress | null;
  readonly path: PathJudgement | null;
  /** Whether what was presented was good once, although its reason does not say so: no guess (R51). */
  readonly hasEnded?: true;
  /** Whole seconds to wait, with `too_many_failures`. */
  readonly retryAfterSeconds?: number;
}

/** Passed: the form, the path, the form of the credential and the client address. Nothing is known of the token yet. */
export interface Admitted {
  readonly kind: 'admitted';
  readonly request: RequestFacts;
  /** Null at the management API. */
  readonly application: ApplicationRules | null;
  readonly policy: AccessPolicy;
  readonly path: PathJudgement | null;
  readonly credential: Credential;
  readonly address: ClientAddress;
}

/** Who the caller is: the owner of a token, or a user who logged in at the management API. */
export interface Authenticated {
  readonly kind: 'authenticated';
  readonly admitted: Admitted;
  readonly principal: PrincipalFacts;
  /** Null for a password login. */
  readonly token: TokenFacts | null;
}

/** Not ours to judge: a password, an anonymous request, or one with cookies of others; it is forwarded as it is. */
export interface PassThrough {
  readonly kind: 'pass';
  readonly admitted: Admitted;
}

/** Allowed: the request goes on as the principal. */
export interface Allow {
  readonly kind: 'allow';
  readonly authenticated: Authenticated;
}

export type Decision = Allow | PassThrough | Deny;

/** A refusal before the credential is known. */
export function denyEarly(code: ReasonCode, detail?: string): Deny {
  return {
    kind: 'deny',
    code,
    detail: detail ?? REASONS[code].detail,
    credential: 'none',
    username: null,
    token: null,
    address: null,
    path: null,
  };
}

/** A refusal of an admitted request. */
export function denyAdmitted(admitted: Admitted, code: ReasonCode, token: TokenFacts | null, detail?: string): Deny {
  return {
    kind: 'deny',
    code,
    detail: detail ?? REASONS[code].detail,
    credential: credentialKind(admitted.credential),
    username: presentedName(admitted.credential),
    token,
    address: admitted.address,
    path: admitted.path,
  };
}

/** The stage a refusal belongs to. */
export function stageOf(deny: Deny): Stage {
  return REASONS[deny.code].stage;
}
