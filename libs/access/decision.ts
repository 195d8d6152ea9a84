import type { HeaderLines } from '@scopegate/kernel';
import type { ClientAddress } from '@scopegate/network';
import type { PathJudgement } from '@scopegate/path';
import type { SessionId, TokenId } from '@scopegate/token';
import type { AccessPolicy, ApplicationRules, PrincipalFacts, RequestFacts, TokenFacts } from './facts.js';
import { REASONS, type ReasonCode } from './reasons.js';
import type { Stage } from './stages.js';

/** The kinds of credential a request can carry, as the audit names them. */
export const CREDENTIAL_KINDS = ['basic-token', 'bearer-token', 'password', 'native-token', 'cookie', 'none'] as const;

export type CredentialKind = (typeof CREDENTIAL_KINDS)[number];

/** What was presented, told apart far enough for every later stage. */
export type Credential =
  | {
      readonly kind: 'token';
      readonly via: 'basic' | 'bearer' | 'session-body';
      /** The name presented beside it; null for Bearer. */
      readonly username: string | null;
      /** The whole token. */
      readonly secret: string;
      /** The id in the token; null where its shape or checksum is wrong, so that it is nobody's. */
      readonly tokenId: TokenId | null;
    }
  | {
      /** A session of the gateway (R11): the request is one of the token it was made with. */
      readonly kind: 'token';
      readonly via: 'cookie';
      readonly username: null;
      /** The whole session. */
      readonly secret: string;
      readonly tokenId: null;
      /** The id in the session; null where its shape or checksum is wrong. */
      readonly sessionId: SessionId | null;
    }
  | {
      readonly kind: 'password';
      readonly username: string | null;
      readonly secret: string | null;
      /** Whether the Authorization line holds a token of the product's own besides, which goes upstream with it (R53). */
      readonly besideNativeToken?: true;
    }
  | { readonly kind: 'native-token' }
  | { readonly kind: 'other' }
  | { readonly kind: 'cookie' }
  | { readonly kind: 'none' };

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

/** The words the audit uses for a credential. */
export function credentialKind(credential: Credential): CredentialKind {
  switch (credential.kind) {
    case 'token':
      return credential.via === 'bearer' ? 'bearer-token' : credential.via === 'cookie' ? 'cookie' : 'basic-token';
    case 'password':
      return 'password';
    case 'native-token':
      return 'native-token';
    case 'cookie':
      return 'cookie';
    case 'other':
    case 'none':
      return 'none';
  }
}

/** The name presented with a credential, for the audit and the throttle; null where there is none. */
export function presentedName(credential: Credential): string | null {
  return credential.kind === 'token' || credential.kind === 'password' ? credential.username : null;
}

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

export type { HeaderLines };
