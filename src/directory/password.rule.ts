import { isScopegateFormat } from '@scopegate/token';

/** Code points. */
export const MIN_PASSWORD_LENGTH = 12;

/** Bytes of UTF-8: bcrypt ignores the rest, and would accept every password with the same beginning. */
export const MAX_PASSWORD_BYTES = 72;

/** HTTP Basic cannot carry control characters (RFC 7617 2), and a lone surrogate has no bytes. */
const UNSENDABLE = /[\p{Cc}\p{Cs}]/u;

/** The message never repeats the password. */
export function passwordProblem(password: string): string | null {
  if ([...password].length < MIN_PASSWORD_LENGTH) return `must have at least ${MIN_PASSWORD_LENGTH} characters`;
  if (isTooLongPassword(password)) return `must have at most ${MAX_PASSWORD_BYTES} bytes`;
  if (isScopegateFormat(password)) return 'must not begin with "sg_" or "sgs_", the formats of tokens and sessions';
  if (UNSENDABLE.test(password)) return 'must not contain control characters';
  return null;
}

export function isTooLongPassword(password: string): boolean {
  return Buffer.byteLength(password) > MAX_PASSWORD_BYTES;
}
