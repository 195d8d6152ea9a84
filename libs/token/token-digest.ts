import type { HmacKey } from '@scopegate/kernel';

/** 32 bytes. */
export type TokenDigest = Uint8Array;

/**
 * The stored digest of a secret: HMAC-SHA-256 of the whole token with the pepper, in lower-case hexadecimal (64
 * characters). A fast function is enough because the secret is random (238 bits), unlike a password. Without the pepper,
 * a stolen database cannot be searched.
 * @param pepper the key of one pepper version; never stored with the digests
 */
export function tokenDigest(pepper: HmacKey, secret: string): string {
  return pepper.digest(secret);
}

/** A stored digest in the form that is compared. Invalid hexadecimal matches no secret. */
export function readTokenDigest(stored: string): TokenDigest {
  return Buffer.from(stored, 'hex');
}

/** Whether the digest is of this secret. Compares in constant time. */
export function digestMatches(pepper: HmacKey, secret: string, digest: TokenDigest): boolean {
  return pepper.matches(secret, digest);
}
