import type { Brand } from '@scopegate/kernel';
import { drawBase62, isBase62 } from './base62.js';
import { formatSecret, ID_LENGTH, idOfSecret, SECRET_LENGTH } from './secret-format.js';
import { SESSION_PREFIX } from './session-format.js';

/** The public half of a token: names it in lists, paths and the audit. It proves nothing. */
export type TokenId = Brand<string, 'TokenId'>;

/** What every secret of ours begins with, so that people, scanners and the gateway tell it from a password. */
export const TOKEN_PREFIX = 'sg_';

/** A token as it leaves the mint; `secret` is the whole `sg_…` text, shown once and never stored. */
export interface MintedToken {
  readonly id: TokenId;
  readonly secret: string;
}

/**
 * A new token, `sg_<id>_<secret>_<checksum>`: 71 random bits of id, 238 of secret.
 * @param randomBytes a cryptographic source; returns as many bytes as asked for
 * @throws Error when the source gives no usable bytes
 */
export function mintToken(randomBytes: (size: number) => Uint8Array): MintedToken {
  const drawn = drawBase62(randomBytes, ID_LENGTH + SECRET_LENGTH);
  const id = drawn.slice(0, ID_LENGTH) as TokenId;
  return { id, secret: formatSecret(TOKEN_PREFIX, id, drawn.slice(ID_LENGTH)) };
}

/**
 * A text of the right shape and checksum for this id that is no token's secret. It stands in for one where an
 * administrator asks about a token by its id (R41); compared to a digest it matches nothing.
 */
export function placeholderToken(id: TokenId): string {
  return formatSecret(TOKEN_PREFIX, id, '0'.repeat(SECRET_LENGTH));
}

/**
 * Whether a secret counts as "in Scopegate's format": it begins as a token or as a session does. It is judged as one of
 * them and by nothing else: with a wrong shape or checksum, or a session where a token belongs, it is refused here and
 * never reaches the upstream as a would-be password (R11, R36).
 */
export function isScopegateFormat(secret: string): boolean {
  return secret.startsWith(TOKEN_PREFIX) || secret.startsWith(SESSION_PREFIX);
}

/** Whether a text holds the beginning of a token or a session anywhere. */
export function mayHoldSecret(text: string): boolean {
  return text.includes(TOKEN_PREFIX) || text.includes(SESSION_PREFIX);
}

/** The id and the secret of a token or a session. */
const WHOLE_SECRET = /sgs?_[0-9A-Za-z]{12}_[0-9A-Za-z]{40}/;

/** Whether the secret of a token or a session stands anywhere in a text, with its checksum or without. */
export function holdsSecret(text: string): boolean {
  return WHOLE_SECRET.test(text);
}

/**
 * Reads the id out of a token whose shape and checksum are right, and gives null for everything else. It needs no
 * lookup, so mistyped and invented tokens cost no database read. A right checksum proves nothing about the secret.
 */
export function parseToken(secret: string): { readonly id: TokenId } | null {
  const id = idOfSecret(TOKEN_PREFIX, secret);
  return id === null ? null : { id: id as TokenId };
}

/** Whether a text has the shape of a token id; for ids that arrive in a path or a query. */
export function isTokenId(value: unknown): value is TokenId {
  return typeof value === 'string' && value.length === ID_LENGTH && isBase62(value, 0, ID_LENGTH);
}

/**
 * A text to recognise a token by in a list or a log: `sg_<id>_…`. Neither the secret nor the checksum, which is
 * computed from it, leaves a trace in it; a text that is no token leaves nothing but the prefix it has.
 */
export function tokenHint(secret: string): string {
  const token = parseToken(secret);
  if (token !== null) return `${TOKEN_PREFIX}${token.id}_…`;
  return isScopegateFormat(secret) ? `${TOKEN_PREFIX}…` : '…';
}
