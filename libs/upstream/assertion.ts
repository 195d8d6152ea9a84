import { foldHeaderName } from '@scopegate/kernel';

/** The longest time that an assertion is valid (R72). */
export const ASSERTION_LIFE_SECONDS = 60;

/** Tells an upstream that also trusts other issuers where an assertion comes from. */
export const ASSERTION_ISSUER = 'scopegate';

/** What an assertion says about one request. */
export interface AssertedRequest {
  /** The upstream that may accept it, as its application names it. */
  readonly audience: string;
  readonly username: string;
  readonly token: { readonly id: string; readonly scope: string };
  readonly method: string;
  /** The request target that the upstream gets, byte for byte. */
  readonly target: string;
}

/** The registered names are those of RFC 7519 4.1; times in seconds since the epoch. */
export interface AssertionClaims {
  readonly iss: string;
  readonly aud: string;
  readonly sub: string;
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
  readonly scope: string;
  readonly tokenId: string;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
}

/** In Authorization it is a Bearer token (RFC 6750 2.1). @returns name and value */
export function assertionLine(header: string, assertion: string): readonly [name: string, value: string] {
  return [header, foldHeaderName(header) === 'authorization' ? `Bearer ${assertion}` : assertion];
}

/** @param id never used before */
export function assertionClaims(
  { audience, username, token, method, target }: AssertedRequest,
  nowMs: number,
  id: string,
): AssertionClaims {
  // Rounded down, so that it never ends later than a minute from now.
  const iat = Math.floor(nowMs / 1000);
  return {
    iss: ASSERTION_ISSUER,
    aud: audience,
    sub: username,
    iat,
    exp: iat + ASSERTION_LIFE_SECONDS,
    jti: id,
    scope: token.scope,
    tokenId: token.id,
    method,
    path: target.split('?', 1)[0] ?? '',
  };
}
