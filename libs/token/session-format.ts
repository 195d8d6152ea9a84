import { timingSafeEqual } from 'node:crypto';
import type { Brand, HmacKey } from '@scopegate/kernel';
import { BASE62_DIGITS, drawBase62 } from './base62.js';
import { formatSecret, ID_LENGTH, idOfSecret, randomPartOf, SECRET_LENGTH } from './secret-format.js';

/** The public half of a session of the gateway. It proves nothing. */
export type SessionId = Brand<string, 'SessionId'>;

/** What every session of the gateway begins with (R11). */
export const SESSION_PREFIX = 'sgs_';

/** Digits at the end of the secret that are computed under the key: 119 bits. */
const SEAL_LENGTH = 20;

/** Keeps a seal apart from the digest of a token or a session, which the same key makes. */
const SEAL_CONTEXT = 'session seal\0';

/** A session as it leaves the mint; `secret` is the whole `sgs_…` text, given to the client and never stored. */
export interface MintedSession {
  readonly id: SessionId;
  readonly secret: string;
}

/**
 * A new session, `sgs_<id>_<secret>_<checksum>` (R11). The second half of the secret is a seal: it is computed from what
 * stands before it, under the key. So a made-up session is told from a real one without a look at the database.
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
 * Reads the id out of a session whose shape and checksum are right, and gives null for everything else. Anybody can
 * compute a right checksum: `isSealedBy` tells whether the gateway made the session.
 */
export function parseSession(secret: string): { readonly id: SessionId } | null {
  const id = idOfSecret(SESSION_PREFIX, secret);
  return id === null ? null : { id: id as SessionId };
}

/** Whether a session was made under this key. It does not tell whether the session still exists. */
export function isSealedBy(key: HmacKey, secret: string): boolean {
  const id = idOfSecret(SESSION_PREFIX, secret);
  if (id === null) return false;
  const part = randomPartOf(SESSION_PREFIX, secret);
  const random = part.slice(0, -SEAL_LENGTH);
  const seal = part.slice(-SEAL_LENGTH);
  return timingSafeEqual(Buffer.from(seal), Buffer.from(sealOf(key, id, random)));
}

/** The digits of an HMAC-SHA-256. Its remainder by 62^20 favours no digit that anybody could measure. */
function sealOf(key: HmacKey, id: string, random: string): string {
  let rest = BigInt(`0x${key.digest(SEAL_CONTEXT, id + random)}`);
  let text = '';
  for (let digit = 0; digit < SEAL_LENGTH; digit += 1) {
    text += BASE62_DIGITS.charAt(Number(rest % 62n));
    rest /= 62n;
  }
  return text;
}
