import type { AddressSet, ReverseProxyRules } from '@scopegate/network';
import type { CompiledExceptions, EncodedSlashes } from '@scopegate/path';
import type { ApplicationKind } from '@scopegate/product';
import type { Permissions } from '@scopegate/permission';
import type { Scope } from '@scopegate/scope';
import type { TokenId, ValidityPolicy } from '@scopegate/token';
import type { RequestHead } from './request-head.js';

/** What a request says of itself, before anything is believed. */
export interface RequestFacts {
  readonly method: string;
  /** As Node reports it: `1.1`. */
  readonly httpVersion: string;
  /** The path below the application's mount, byte for byte as it was sent, without the query. */
  readonly rawPath: string;
  /** What follows the first `?`, or null. */
  readonly query: string | null;
  /** The authority of an absolute target as it was sent; null or left out in the origin form. */
  readonly targetAuthority?: string | null | undefined;
  readonly head: RequestHead;
  /** The address of the socket's other end. */
  readonly peer: string | undefined;
  /** The body of a login request (R04), read only if `needsSessionBody` returns true. */
  readonly sessionBody?: SessionBody | undefined;
  /** The form in the body, read only if `needsForm` returns true. */
  readonly form?: FormBody | undefined;
}

/** A form: its text, one character a byte; `unreadable` if it is compressed or in a charset that is not ASCII-based. */
export type FormBody = { readonly kind: 'fields'; readonly text: string } | { readonly kind: 'unreadable' };

/**
 * The body of a POST to jira's session endpoint: a user name with a secret; no JSON object with both (`unreadable`:
 * there may be a password in it all the same, so it counts as one); a token where none is taken, which the upstream
 * would read as a password or a name; or no body at all.
 */
export type SessionBody =
  | { readonly kind: 'credential'; readonly username: string; readonly secret: string }
  | { readonly kind: 'ambiguous' }
  | { readonly kind: 'misplaced-token' }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'empty' };

/**
 * The key that stands for Scopegate itself among the applications of a token: with it, a token that is narrowed to
 * applications works at the management API as well (R125). No application has this key.
 */
export const MANAGEMENT_KEY = 'scopegate';

/** The rules of the application a request is for. */
export interface ApplicationRules {
  readonly key: string;
  readonly kind: ApplicationKind;
  readonly encodedSlashes: EncodedSlashes;
  readonly anonymous: 'allow' | 'deny';
  readonly nativeTokensDisabled: boolean;
  readonly remoteApiPasswords: boolean;
  readonly exceptions: CompiledExceptions;
}

/** The settings and permissions a decision is made under: one immutable snapshot. */
export interface AccessPolicy {
  readonly allowList: AddressSet;
  readonly allowListAppliesToPasswords: boolean;
  readonly reverseProxy: ReverseProxyRules;
  readonly passwordsEnabled: boolean;
  readonly preventPathTraversal: boolean;
  readonly validity: ValidityPolicy;
  readonly permissions: Permissions;
}

/** What is known about a token once its record has been found and its secret compared. */
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
  /** Narrows the token to these addresses; null where it is not narrowed. */
  readonly allowList: AddressSet | null;
  /** Narrows the token to these applications; null where it is not narrowed. */
  readonly applications: ReadonlySet<string> | null;
}

/** A user as the decision needs it. */
export interface PrincipalFacts {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
  readonly email: string | null;
  readonly active: boolean;
  readonly groups: ReadonlySet<string>;
}

/** A token whose secret has matched. */
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

/** The outcome of a password login at the management API. */
export type LoginResult =
  | { readonly matched: true; readonly user: PrincipalFacts }
  | {
      readonly matched: false;
      /** Set where too many logins have failed: whole seconds to wait (R51). */
      readonly retryAfterSeconds?: number;
    };

/** What the second stage needs in addition to the admitted request. */
export interface AuthenticationFacts {
  /** Set for a token request: the outcome of the look-up of its token or its session (R11). */
  readonly token?: FoundToken | NotFound | undefined;
  /** Set for a password request at the management API. */
  readonly login?: LoginResult | undefined;
  /** For one of the vendor's calls: the key of the application below whose mount it came (R125); otherwise null. */
  readonly vendorMount: string | null;
  readonly nowMs: number;
}
