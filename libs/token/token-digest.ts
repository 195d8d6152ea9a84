import { timingSafeEqual } from 'node:crypto';
import type { HmacKey } from '@scopegate/kernel';

/**
 * What is stored of a secret: HMAC-SHA-256 of the whole token under the pepper, in lower-case hexadecimal (64
 * characters). A fast function is enough because the secret is random (238 bits), unlike a password; the pepper keeps
 * a stolen database from being searched at all.
 * @param pepper the key of one pepper version; never stored beside the digests
 */
export function tokenDigest(pepper: HmacKey, secret: string): string {
  return pepper.digest(secret);
}

/** Compares two digests in a time that does not tell how far they agree; digests of different length are not equal. */
export function digestsEqual(one: string, other: string): boolean {
  const oneBytes = Buffer.from(one, 'utf8');
  const otherBytes = Buffer.from(other, 'utf8');
  return oneBytes.length === otherBytes.length && timingSafeEqual(oneBytes, otherBytes);
}
