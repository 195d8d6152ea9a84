import type { ClientAddress } from '@scopegate/network';
import type { PathJudgement } from '@scopegate/path';
import { credentialKind, presentedName, type Credential, type CredentialKind } from './credential.js';
import type { AccessPolicy, ApplicationRules, PrincipalFacts, RequestFacts, TokenFacts } from './facts.js';
import { REASONS, type ReasonCode } from './reasons.js';
import type { Stage } from './stages.js';

/** A refusal: the reason, and what the client may read about it. */
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
  /** No token may do this, whatever its scope: with `scope_insufficient` (R125). */
  readonly needsPasswordLogin?: true;
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

/** What is known of a request once its head has been read. */
export interface KnownRequest {
  readonly credential: Credential;
  readonly address: ClientAddress;
  readonly path: PathJudgement | null;
}

/**
 * A refusal.
 * @param known null before the head has been read
 * @param more the token once its secret has matched, and a detail that says more than the one of the reason
 */
export function deny(
  code: ReasonCode,
  known: KnownRequest | null = null,
  more: { readonly token?: TokenFacts | null; readonly detail?: string | undefined } = {},
): Deny {
  return {
    kind: 'deny',
    code,
    detail: more.detail ?? REASONS[code].detail,
    credential: known === null ? 'none' : credentialKind(known.credential),
    username: known === null ? null : presentedName(known.credential),
    token: more.token ?? null,
    address: known?.address ?? null,
    path: known?.path ?? null,
  };
}

/** The stage a refusal belongs to. */
export function stageOf({ code }: Deny): Stage {
  return REASONS[code].stage;
}
