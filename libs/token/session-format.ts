import { timingSafeEqual } from 'node:crypto';
import type { Brand, HmacKey } from '@scopegate/kernel';
import { BASE62_DIGITS, drawBase62 } from './base62.js';
import { formatSecret, ID_LENGTH, idOfSecret, randomPartOf, SECRET_LENGTH } from './secret-format.js';

/** The public half of a session of the gateway. It proves nothing. */
export type SessionId = Brand<string, 'SessionId'>;

/** The beginning of every session of the gateway (R11). */
export const SESSION_PREFIX = 'sgs_';

/** Digits at the end of the secret that are computed with the key: 119 bits. */
const SEAL_LENGTH = 20;

/** Makes a seal differ from the digests of tokens and sessions, which use the same key. */
const SEAL_CONTEXT = 'session seal\0';

/** A new session. `secret` is the whole `sgs_…` text, for the client: it is never stored. */
export interface MintedSession {
  readonly id: SessionId;
  readonly secret: string;
}

/**
 * A new session, `sgs_<id>_<secret>_<checksum>` (R11). The second half of the secret is a seal, computed with the key from
 * the id and the first half: it distinguishes an invented session from a real one without a read of the database.
 * @param randomBytes a cryptographic source; returns as many bytes as asked for
 * @throws Error when the source gives no usable bytes
 */
export function mintSession(key: HmacKey, randomBytes: (size: number) => Uint8Array): MintedSession {
  const drawn = drawBase62(randomBytes, ID_LENGTH + SECRET_LENGTH - SEAL_LENGTH);
  const id = drawn.slice(0, ID_LENGTH) as SessionId;
  const random = drawn.slice(ID_LENGTH);
  return { id, secret: formatSecret(SESSION_PREFIX, id, random + sealOf(key, id, random)) };
}

/**
 * The id of a session whose shape and checksum are right, or null. Every client can compute the checksum: `isSealedBy` checks
 * whether the gateway made the session.
 */
export function parseSession(secret: string): { readonly id: SessionId } | null {
  const id = idOfSecret(SESSION_PREFIX, secret);
  return id === null ? null : { id: id as SessionId };
}

/** Whether a session was made with this key. The session may have ended. */
export function isSealedBy(key: HmacKey, secret: string): boolean {
  const id = idOfSecret(SESSION_PREFIX, secret);
  if (id === null) return false;
  const part = randomPartOf(SESSION_PREFIX, secret);
  const random = part.slice(0, -SEAL_LENGTH);
  const seal = part.slice(-SEAL_LENGTH);
  return timingSafeEqual(Buffer.from(seal), Buffer.from(sealOf(key, id, random)));
}

/** An HMAC-SHA-256 modulo 62^20, in base62. The modulo favours some digits by an amount too small to measure. */
function sealOf(key: HmacKey, id: string, random: string): string {
  let rest = BigInt(`0x${key.digest(SEAL_CONTEXT, id + random)}`);
  let text = '';
  for (let digit = 0; digit < SEAL_LENGTH; digit += 1) {
    text += BASE62_DIGITS.charAt(Number(rest % 62n));
    rest /= 62n;
  }
  return text;
}
