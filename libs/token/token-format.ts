import type { Brand } from '@scopegate/kernel';
import { drawBase62, isBase62 } from './base62.js';
import { formatSecret, ID_LENGTH, idOfSecret, SECRET_LENGTH } from './secret-format.js';
import { SESSION_PREFIX } from './session-format.js';

export type TokenId = Brand<string, 'TokenId'>;

/** Distinguishes a token from a password, for people, scanners and the gateway. */
export const TOKEN_PREFIX = 'sg_';

/** `secret` is the whole `sg_…` text, shown once and never stored. */
export interface MintedToken {
  readonly id: TokenId;
  readonly secret: string;
}

/**
 * `sg_<id>_<secret>_<checksum>`: 71 random bits of id, 238 of secret.
 * @param randomBytes a cryptographic source
 * @throws Error if the source gives no usable bytes
 */
export function mintToken(randomBytes: (size: number) => Uint8Array): MintedToken {
  const drawn = drawBase62(randomBytes, ID_LENGTH + SECRET_LENGTH);
  const id = drawn.slice(0, ID_LENGTH) as TokenId;
  return { id, secret: formatSecret(TOKEN_PREFIX, id, drawn.slice(ID_LENGTH)) };
}

/** Has this id and a valid form, but no digest matches it. For questions about a token by its id (R41). */
export function placeholderToken(id: TokenId): string {
  return formatSecret(TOKEN_PREFIX, id, '0'.repeat(SECRET_LENGTH));
}

/**
 * R11, R36: begins like a token or session. If it is malformed or in the wrong place, it is refused, and never reaches
 * the upstream as a password.
 */
export function isScopegateFormat(secret: string): boolean {
  return secret.startsWith(TOKEN_PREFIX) || secret.startsWith(SESSION_PREFIX);
}

export function mayHoldSecret(text: string): boolean {
  return text.includes(TOKEN_PREFIX) || text.includes(SESSION_PREFIX);
}

const WHOLE_SECRET = /sgs?_[0-9A-Za-z]{12}_[0-9A-Za-z]{40}/;

/** With or without its checksum. */
export function holdsSecret(text: string): boolean {
  return WHOLE_SECRET.test(text);
}

/** Null if shape or checksum is wrong, so typing errors cost no read. A checksum proves nothing about the secret. */
export function parseToken(secret: string): { readonly id: TokenId } | null {
  const id = idOfSecret(TOKEN_PREFIX, secret);
  return id === null ? null : { id: id as TokenId };
}

export function isTokenId(value: unknown): value is TokenId {
  return typeof value === 'string' && value.length === ID_LENGTH && isBase62(value, 0, ID_LENGTH);
}

/** `sg_<id>_…` for lists and logs, without any part of the secret. Of an invalid token only the prefix. */
export function tokenHint(secret: string): string {
  const token = parseToken(secret);
  if (token !== null) return `${TOKEN_PREFIX}${token.id}_…`;
  return isScopegateFormat(secret) ? `${TOKEN_PREFIX}…` : '…';
}
