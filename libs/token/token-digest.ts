import type { HmacKey } from '@scopegate/kernel';

/** What is kept of a token to compare its secret to: 32 bytes. */
export type TokenDigest = Uint8Array;

/**
 * What is stored of a secret: HMAC-SHA-256 of the whole token under the pepper, in lower-case hexadecimal (64
 * characters). A fast function is enough because the secret is random (238 bits), unlike a password; the pepper keeps
 * a stolen database from being searched at all.
 * @param pepper the key of one pepper version; never stored beside the digests
 */
export function tokenDigest(pepper: HmacKey, secret: string): string {
  return pepper.digest(secret);
}

/** A stored digest as it is compared. One that is no hexadecimal text matches no secret. */
export function readTokenDigest(stored: string): TokenDigest {
  return Buffer.from(stored, 'hex');
}

/** Whether this is the secret of a digest; compared in a time that does not tell how far the two agree. */
export function digestMatches(pepper: HmacKey, secret: string, digest: TokenDigest): boolean {
  return pepper.matches(secret, digest);
}
