import { crc32 } from 'node:zlib';
import { encodeBase62, isBase62 } from './base62.js';

const SEPARATOR = '_';

/** In base62 digits. */
export const ID_LENGTH = 12;
export const SECRET_LENGTH = 40;
const CHECKSUM_LENGTH = 6;

/** For tokens and sessions: `<prefix><id>_<secret>_<checksum>`. */
export function formatSecret(prefix: string, id: string, secret: string): string {
  const body = prefix + id + SEPARATOR + secret;
  return body + SEPARATOR + checksumOf(body);
}

/** Null if shape or checksum is wrong. */
export function idOfSecret(prefix: string, text: string): string | null {
  const idStart = prefix.length;
  const idEnd = idStart + ID_LENGTH;
  const secretStart = idEnd + SEPARATOR.length;
  const secretEnd = secretStart + SECRET_LENGTH;
  const isWellFormed =
    text.length === secretEnd + SEPARATOR.length + CHECKSUM_LENGTH &&
    text.startsWith(prefix) &&
    text[idEnd] === SEPARATOR &&
    text[secretEnd] === SEPARATOR &&
    isBase62(text, idStart, idEnd) &&
    isBase62(text, secretStart, secretEnd) &&
    text.endsWith(checksumOf(text.slice(0, secretEnd)));
  return isWellFormed ? text.slice(idStart, idEnd) : null;
}

/** @param text `idOfSecret` found an id in it */
export function randomPartOf(prefix: string, text: string): string {
  const start = prefix.length + ID_LENGTH + SEPARATOR.length;
  return text.slice(start, start + SECRET_LENGTH);
}

/** CRC-32: 32 bits fit into six base62 digits. */
function checksumOf(body: string): string {
  return encodeBase62(crc32(body), CHECKSUM_LENGTH);
}
