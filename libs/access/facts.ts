import type { AddressSet, ReverseProxyRules } from '@scopegate/network';
import type { BlockedPaths, CompiledPatterns, PathReading } from '@scopegate/path';
import type { ApplicationKind } from '@scopegate/product';
import type { Permissions } from '@scopegate/permission';
import type { Scope } from '@scopegate/scope';
import type { TokenId, ValidityPolicy } from '@scopegate/token';
import type { Acting } from './acting.js';
import type { BrowserSessionFacts } from './browser-session.js';
import type { Cors } from './cors.js';
import type { RequestHead } from './request-head.js';

export interface ClientLogin {
  readonly username: string;
  readonly secret: string;
}

export interface RequestFacts {
  readonly method: string;
  /** As Node reports it: `1.1`. */
  readonly httpVersion: string;
  /** The path below the application's mount, byte for byte as it was sent, without the query. */
  readonly rawPath: string;
  /** The request is for the mount without a slash behind it. It is judged as `/` (R113). */
  readonly isMountItself?: boolean;
  /** What follows the first `?`, or null. */
  readonly query: string | null;
  /** The authority of an absolute target as it was sent; null or left out in the origin form. */
  readonly targetAuthority?: string | null | undefined;
  readonly head: RequestHead;
  /** The address of the socket's other end. */
  readonly peer: string | undefined;
  /** R04; read only if `needsSessionBody` returns true. */
  readonly sessionBody?: SessionBody | undefined;
  /** Read only if `needsForm` returns true. */
  readonly form?: FormBody | undefined;
  /** The body of a login at the management API (R99): it counts in place of every other credential. */
  readonly login?: ClientLogin | undefined;
}

/** `text`: one character a byte. `unreadable`: compressed, or in a charset that is not ASCII-based. */
export type FormBody = { readonly kind: 'fields'; readonly text: string } | { readonly kind: 'unreadable' };

/**
 * The body of a POST to jira's session endpoint. `unreadable`: no JSON object with both fields. It counts as a
 * password, because it may contain one.
 */
export type SessionBody =
  | { readonly kind: 'credential'; readonly username: string; readonly secret: string }
  | { readonly kind: 'ambiguous' }
  | { readonly kind: 'misplaced-token' }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'empty' };

/** With this key, a token limited to applications also works at the management API (R125). No application has it. */
export const MANAGEMENT_KEY = 'scopegate';

export const CHALLENGE_SCHEMES = ['basic', 'bearer'] as const;

export type ChallengeScheme = (typeof CHALLENGE_SCHEMES)[number];

export interface ApplicationRules {
  readonly key: string;
  readonly kind: ApplicationKind;
  /** How its server reads a path (R48). */
  readonly paths: PathReading;
  readonly anonymous: 'allow' | 'deny';
  /** R42. */
  readonly passwords: 'forward' | 'deny';
  /** R120: other Authorization schemes, in lower case, that are forwarded although `anonymous` is `deny`. */
  readonly passSchemes: ReadonlySet<string>;
  /** R119: the schemes that a 401 offers, in this order. */
  readonly challenge: readonly ChallengeScheme[];
  readonly nativeTokensDisabled: boolean;
  readonly remoteApiPasswords: boolean;
  /** Read-only tokens may open upgraded connections (R116). */
  readonly readOnlyUpgrades: boolean;
  readonly exceptions: CompiledPatterns;
  /** Beside REST (R118). */
  readonly tokenPaths: CompiledPatterns;
  /** Those of the product and of the application (R124). */
  readonly blockedPaths: BlockedPaths;
  /** Token requests go upstream with the owner's own credential (R68). */
  readonly needsDeposit: boolean;
  /** What may say who acts (R71); null: nothing does. */
  readonly acting: Acting | null;
  /** R122; null: pages of other origins get nothing. */
  readonly cors: Cors | null;
}

/** The settings and permissions of one decision: an immutable snapshot. */
export interface AccessPolicy {
  readonly allowList: AddressSet;
  readonly allowListAppliesToPasswords: boolean;
  readonly reverseProxy: ReverseProxyRules;
  readonly passwordsEnabled: boolean;
  readonly preventPathTraversal: boolean;
  readonly validity: ValidityPolicy;
  readonly permissions: Permissions;
}

export interface TokenFacts {
  readonly id: TokenId;
  readonly ownerId: string;
  readonly ownerName: string;
  readonly description: string;
  readonly scope: Scope;
  /** Milliseconds since the epoch, like the two below. */
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  /** Null: no limit. */
  readonly allowList: AddressSet | null;
  /** Null: no limit. */
  readonly applications: ReadonlySet<string> | null;
}

export interface PrincipalFacts {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
  readonly email: string | null;
  readonly active: boolean;
  readonly groups: ReadonlySet<string>;
}

export interface FoundToken {
  readonly found: true;
  readonly token: TokenFacts;
  /** Null if the owner has been deleted. */
  readonly owner: PrincipalFacts | null;
}

/** No token or session has this secret. */
export interface NotFound {
  readonly found: false;
  /** The secret is of a session that has ended (R11): its seal is right. */
  readonly hasEnded?: true;
}

export interface FoundBrowserSession {
  readonly found: true;
  readonly session: BrowserSessionFacts;
  /** Null if the user has been deleted. */
  readonly user: PrincipalFacts | null;
}

export type LoginResult =
  | { readonly matched: true; readonly user: PrincipalFacts }
  | {
      readonly matched: false;
      /** Set where too many logins have failed: whole seconds to wait (R51). */
      readonly retryAfterSeconds?: number;
    };

/**
 * Of a user's own credential for the upstream (R69). `unchecked`: the upstream or the account is another one now, and
 * the owner has not confirmed it.
 */
export const DEPOSIT_STATES = ['working', 'rejected', 'unchecked'] as const;

export type DepositState = (typeof DEPOSIT_STATES)[number];

export interface AuthenticationFacts {
  /** For a token request: the result of the look-up of the token or session (R11). */
  readonly token?: FoundToken | NotFound | undefined;
  /** Set for a password request at the management API. */
  readonly login?: LoginResult | undefined;
  /** For a browser session: the result of its look-up (R99). */
  readonly session?: FoundBrowserSession | NotFound | undefined;
  /** For a vendor call: the key of the application that it came through (R125); otherwise null. */
  readonly vendorMount: string | null;
  /** The route concerns the presented token alone (R123). Default false. */
  readonly concernsOwnToken?: boolean;
  readonly nowMs: number;
}
