import { parseToken, sameUserName, type SessionId, type TokenId } from '@scopegate/token';
import type { ReasonCode } from './reasons.js';

/** The kinds of credential a request can carry, as the audit names them; a session is a cookie. */
export const CREDENTIAL_KINDS = ['basic-token', 'bearer-token', 'password', 'native-token', 'cookie', 'none'] as const;

export type CredentialKind = (typeof CREDENTIAL_KINDS)[number];

export type Credential =
  | {
      readonly kind: 'token';
      readonly via: 'basic' | 'bearer' | 'session-body';
      /** The name presented beside it; null for Bearer, and for a name that says nothing (R121). */
      readonly username: string | null;
      readonly secret: string;
      /** The id in the token; null if its shape or checksum is wrong. */
      readonly tokenId: TokenId | null;
    }
  | {
      /** A session of the gateway (R11): the request is one of the token it was made with. */
      readonly kind: 'token';
      readonly via: 'cookie';
      readonly username: null;
      readonly secret: string;
      readonly tokenId: null;
      /** The id in the session; null where its shape or checksum is wrong. */
      readonly sessionId: SessionId | null;
    }
  | {
      readonly kind: 'password';
      readonly username: string | null;
      readonly secret: string | null;
      /** The Authorization line also contains a token of the product, which goes upstream with the password (R53). */
      readonly besideNativeToken?: true;
    }
  /** The cookie of a browser session (R99); only at the management API. */
  | { readonly kind: 'session'; readonly secret: string }
  /** Bearer without a Scopegate token. */
  | { readonly kind: 'native-token' }
  /** Another Authorization scheme, in lower case; null if nothing follows it. */
  | { readonly kind: 'other'; readonly scheme: string | null }
  | { readonly kind: 'cookie' }
  | { readonly kind: 'none' };

export type CredentialReading =
  | { readonly ok: true; readonly credential: Credential }
  | { readonly ok: false; readonly code: ReasonCode; readonly detail?: string };

export function credentialKind(credential: Credential): CredentialKind {
  switch (credential.kind) {
    case 'token':
      return credential.via === 'bearer' ? 'bearer-token' : credential.via === 'cookie' ? 'cookie' : 'basic-token';
    case 'password':
      return 'password';
    case 'native-token':
      return 'native-token';
    case 'session':
    case 'cookie':
      return 'cookie';
    case 'other':
    case 'none':
      return 'none';
  }
}

/** The user name sent with a credential, for the audit and the throttle; null if there was none. */
export function presentedName(credential: Credential): string | null {
  return credential.kind === 'token' || credential.kind === 'password' ? credential.username : null;
}

/** @param place where the token was found, as the sentence in the answer goes on */
export function misplaced(place: string): CredentialReading {
  return {
    ok: false,
    code: 'credential_misplaced',
    detail: `There is a Scopegate token in ${place}. Send it as the password of HTTP Basic or as a Bearer token.`,
  };
}

export function tokenReading(
  via: 'basic' | 'bearer' | 'session-body',
  sentName: string | null,
  secret: string,
): CredentialReading {
  const username = sentName === null || INVENTED_NAMES.has(sentName.toLowerCase()) ? null : sentName;
  return { ok: true, credential: { kind: 'token', via, username, secret, tokenId: parseToken(secret)?.id ?? null } };
}

/** R121: git clients send these beside a token, and name no user with them. In lower case. */
const INVENTED_NAMES: ReadonlySet<string> = new Set(['', 'oauth2', 'x-access-token', 'x-token-auth']);

/** Two credentials: allowed if one of them is not ours to judge, or both are the same token (R04). */
export function combine(header: CredentialReading, other: CredentialReading): CredentialReading {
  if (!header.ok) return header;
  if (!other.ok) return other;
  const first = header.credential;
  const second = other.credential;
  if (first.kind === 'token') {
    // A password in the query together with a session would log in another user at the upstream.
    if (first.via === 'cookie') return AMBIGUOUS;
    const same =
      second.kind === 'token' && second.secret === first.secret && mayNameOneUser(first.username, second.username);
    // A name in either place is then compared with the owner.
    return same ? { ok: true, credential: { ...first, username: first.username ?? second.username } } : AMBIGUOUS;
  }
  if (second.kind === 'token') {
    return first.kind === 'password' || first.kind === 'native-token' || first.kind === 'other' ? AMBIGUOUS : other;
  }
  // The upstream takes whichever it likes of the two, so both are judged.
  return second.kind === 'password' && first.kind === 'native-token'
    ? { ok: true, credential: { ...second, besideNativeToken: true } }
    : other;
}

function mayNameOneUser(one: string | null, other: string | null): boolean {
  return one === null || other === null || sameUserName(one, other);
}

const AMBIGUOUS: CredentialReading = { ok: false, code: 'credential_ambiguous' };
