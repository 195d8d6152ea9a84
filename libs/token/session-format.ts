import { timingSafeEqual } from 'node:crypto';
import type { Brand, HmacKey } from '@scopegate/kernel';
import { BASE62_DIGITS, drawBase62 } from './base62.js';
import { formatSecret, ID_LENGTH, idOfSecret, randomPartOf, SECRET_LENGTH } from './secret-format.js';

export type SessionId = Brand<string, 'SessionId'>;

export const SESSION_PREFIX = 'sgs_';

/** The end of the secret, computed with the key: 119 bits. */
const SEAL_LENGTH = 20;

/** Tokens and sessions use the same key; this makes seals different from their digests. */
const SEAL_CONTEXT = 'session seal\0';

/** `secret` is the whole `sgs_…` text for the client, never stored. */
export interface MintedSession {
  readonly id: SessionId;
  readonly secret: string;
}

/**
 * `sgs_<id>_<secret>_<checksum>` (R11). The second half of the secret is a seal of the rest, so that invented sessions
 * cost no read of the database.
 * @param randomBytes a cryptographic source
 * @throws Error if the source gives no usable bytes
 */
export function mintSession(key: HmacKey, randomBytes: (size: number) => Uint8Array): MintedSession {
  const drawn = drawBase62(randomBytes, ID_LENGTH + SECRET_LENGTH - SEAL_LENGTH);
  const id = drawn.slice(0, ID_LENGTH) as SessionId;
  const random = drawn.slice(ID_LENGTH);
  return { id, secret: formatSecret(SESSION_PREFIX, id, random + sealOf(key, id, random)) };
}

/** Null if shape or checksum is wrong. Any client can compute the checksum: see `isSealedBy`. */
export function parseSession(secret: string): { readonly id: SessionId } | null {
  const id = idOfSecret(SESSION_PREFIX, secret);
  return id === null ? null : { id: id as SessionId };
}

/** The session was made with this key, but may have ended. */
export function isSealedBy(key: HmacKey, secret: string): boolean {
  const id = idOfSecret(SESSION_PREFIX, secret);
  if (id === null) return false;
  const part = randomPartOf(SESSION_PREFIX, secret);
  const random = part.slice(0, -SEAL_LENGTH);
  const seal = part.slice(-SEAL_LENGTH);
  return timingSafeEqual(Buffer.from(seal), Buffer.from(sealOf(key, id, random)));
}

/** HMAC-SHA-256 modulo 62^20, in base62. The bias of the modulo is too small to measure. */
function sealOf(key: HmacKey, id: string, random: string): string {
  let rest = BigInt(`0x${key.digest(SEAL_CONTEXT, id + random)}`);
  let text = '';
  for (let digit = 0; digit < SEAL_LENGTH; digit += 1) {
    text += BASE62_DIGITS.charAt(Number(rest % 62n));
    rest /= 62n;
  }
  return text;
}
