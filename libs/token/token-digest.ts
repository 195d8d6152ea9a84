import type { HmacKey } from '@scopegate/kernel';

/** 32 bytes: HMAC-SHA-256. */
export type TokenDigest = Uint8Array;

/**
 * HMAC-SHA-256 of the whole token with the pepper, 64 lower-case hexadecimal digits. A fast function is enough for 238
 * random bits. Without the pepper, a stolen database cannot be searched.
 * @param pepper one pepper version; never stored with the digests
 */
export function tokenDigest(pepper: HmacKey, secret: string): string {
  return pepper.digest(secret);
}

/** Invalid hexadecimal matches no secret. */
export function readTokenDigest(stored: string): TokenDigest {
  return Buffer.from(stored, 'hex');
}

/** In constant time. */
export function digestMatches(pepper: HmacKey, secret: string, digest: TokenDigest): boolean {
  return pepper.matches(secret, digest);
}
