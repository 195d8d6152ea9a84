import type { ClientAddress } from '@scopegate/network';
import type { CanonicalPath, PathJudgement } from '@scopegate/path';
import type { BrowserSessionFacts } from './browser-session.js';
import { credentialKind, presentedName, type Credential, type CredentialKind } from './credential.js';
import type { AccessPolicy, ApplicationRules, PrincipalFacts, RequestFacts, TokenFacts } from './facts.js';
import { REASONS, type ReasonCode } from './reasons.js';
import { STAGES, type Stage } from './stages.js';

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
  /** The credential was valid once, so this is no guess (R51). */
  readonly hasEnded?: true;
  /** With `scope_insufficient`: no token may do this, whatever its scope (R125). */
  readonly needsPasswordLogin?: true;
  /** Whole seconds to wait, with `too_many_failures`. */
  readonly retryAfterSeconds?: number;
}

/** Passed the checks of form, path, credential form and client address. The token is still unknown. */
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

export interface Authenticated {
  readonly kind: 'authenticated';
  readonly admitted: Admitted;
  readonly principal: PrincipalFacts;
  /** Null for a password login and a browser session. */
  readonly token: TokenFacts | null;
  /** Set for a browser session (R99). */
  readonly browser?: BrowserSessionFacts & { readonly needsStepUp: boolean };
}

/** Forwarded unchanged: a password, an anonymous request, or one with other cookies. */
export interface PassThrough {
  readonly kind: 'pass';
  readonly admitted: Admitted;
  /** Of COPY and MOVE, below the mount (R115); null: a `Destination` goes upstream as it is. */
  readonly destination: CanonicalPath | null;
  /** The gateway answers it, before authentication (R122). */
  readonly isPreflight?: true;
}

export interface Allow {
  readonly kind: 'allow';
  readonly authenticated: Authenticated;
  /** Of COPY and MOVE, below the mount, judged (R115); null: none. */
  readonly destination: CanonicalPath | null;
}

export type Decision = Allow | PassThrough | Deny;

export interface KnownRequest {
  readonly credential: Credential;
  readonly address: ClientAddress;
  readonly path: PathJudgement | null;
}

/**
 * @param known null before the head has been read
 * @param more the token once its secret has matched, and a detail more exact than the reason's
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

const AFTER_TOKEN: ReadonlySet<Stage> = new Set(STAGES.slice(STAGES.indexOf('token') + 1));

/** The token of a request whose secret, owner, state and address have passed, also if a later stage refuses. */
export function acceptedToken(decision: Decision): TokenFacts | null {
  if (decision.kind === 'pass') return null;
  if (decision.kind === 'allow') return decision.authenticated.token;
  return AFTER_TOKEN.has(stageOf(decision)) ? decision.token : null;
}
