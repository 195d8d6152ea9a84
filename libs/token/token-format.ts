import type { Brand } from '@scopegate/kernel';
import { drawBase62, isBase62 } from './base62.js';
import { formatSecret, ID_LENGTH, idOfSecret, SECRET_LENGTH } from './secret-format.js';
import { SESSION_PREFIX } from './session-format.js';

/** The public part of a token, for lists, paths and the audit. It proves nothing. */
export type TokenId = Brand<string, 'TokenId'>;

/** The beginning of every token, so that people, scanners and the gateway can distinguish it from a password. */
export const TOKEN_PREFIX = 'sg_';

/** A new token. `secret` is the whole `sg_…` text, which is shown once and never stored. */
export interface MintedToken {
  readonly id: TokenId;
  readonly secret: string;
}

/**
 * A new token, `sg_<id>_<secret>_<checksum>`: 71 random bits of id, 238 of secret.
 * @param randomBytes a cryptographic source; returns as many bytes as asked for
 * @throws Error if the source gives no usable bytes
 */
export function mintToken(randomBytes: (size: number) => Uint8Array): MintedToken {
  const drawn = drawBase62(randomBytes, ID_LENGTH + SECRET_LENGTH);
  const id = drawn.slice(0, ID_LENGTH) as TokenId;
  return { id, secret: formatSecret(TOKEN_PREFIX, id, drawn.slice(ID_LENGTH)) };
}

/**
 * A text with this id and the right shape and checksum, which no digest matches. It replaces the secret if an administrator
 * asks about a token by its id (R41).
 */
export function placeholderToken(id: TokenId): string {
  return formatSecret(TOKEN_PREFIX, id, '0'.repeat(SECRET_LENGTH));
}

/**
 * Whether a secret is "in Scopegate's format": it begins like a token or a session. It is judged as one of them alone: if
 * it is malformed, or a session in the place of a token, it is refused here and never reaches the upstream as a password
 * (R11, R36).
 */
export function isScopegateFormat(secret: string): boolean {
  return secret.startsWith(TOKEN_PREFIX) || secret.startsWith(SESSION_PREFIX);
}

/** Whether a text contains the beginning of a token or a session. */
export function mayHoldSecret(text: string): boolean {
  return text.includes(TOKEN_PREFIX) || text.includes(SESSION_PREFIX);
}

/** The id and the secret of a token or a session. */
const WHOLE_SECRET = /sgs?_[0-9A-Za-z]{12}_[0-9A-Za-z]{40}/;

/** Whether a text contains the secret of a token or a session, with its checksum or without. */
export function holdsSecret(text: string): boolean {
  return WHOLE_SECRET.test(text);
}

/**
 * The id of a token whose shape and checksum are right, or null. So mistyped tokens cost no database read. A right checksum
 * proves nothing about the secret.
 */
export function parseToken(secret: string): { readonly id: TokenId } | null {
  const id = idOfSecret(TOKEN_PREFIX, secret);
  return id === null ? null : { id: id as TokenId };
}

/** Whether a value from outside has the shape of a token id. */
export function isTokenId(value: unknown): value is TokenId {
  return typeof value === 'string' && value.length === ID_LENGTH && isBase62(value, 0, ID_LENGTH);
}

/**
 * A text to recognise a token by in a list or a log: `sg_<id>_…`. It contains nothing of the secret or of its checksum. Of
 * an invalid token it contains the prefix alone.
 */
export function tokenHint(secret: string): string {
  const token = parseToken(secret);
  if (token !== null) return `${TOKEN_PREFIX}${token.id}_…`;
  return isScopegateFormat(secret) ? `${TOKEN_PREFIX}…` : '…';
}
