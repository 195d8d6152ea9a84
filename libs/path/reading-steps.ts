import { isUtf8 } from 'node:buffer';
import { decodeBytes } from './percent-encoding.js';

/** What one server does to a text. @param text a byte string @returns other readings of it, possibly the same text */
export type ReadingStep = (text: string) => readonly string[];

/**
 * Applies the steps in every order, again and again, as a chain of servers does.
 * @returns the text itself first; null if there are more readings than the limit: honest texts have a few
 */
export function readingsBy(steps: readonly ReadingStep[], text: string, limit: number): readonly string[] | null {
  const readings = new Set([text]);
  // The loop also visits readings that are added during it.
  for (const reading of readings) {
    for (const step of steps) {
      for (const next of step(reading)) readings.add(next);
    }
    if (readings.size > limit) return null;
  }
  return [...readings];
}

/** Steps that look at characters alone, so that they hold for a segment as for a path. */
export const CHARACTER_STEPS: readonly ReadingStep[] = [
  (text) => [decodeBytes(text)],
  (text) => [decodeUnicodeTriples(text)],
  (text) => [shortenOverlongForms(text)],
  (text) => [ofUnicode(text, (characters) => characters.normalize('NFKC'))],
  (text) => [ofUnicode(text, removeInvisible)],
  (text) => [ofUnicode(text, foldSlashLookalikes)],
];

/** `%u002F`, the encoding of IIS. */
function decodeUnicodeTriples(text: string): string {
  if (!text.includes('%u') && !text.includes('%U')) return text;
  return text.replace(/%u([0-9a-f]{4})/gi, (_triple, digits: string) =>
    Buffer.from(String.fromCharCode(Number.parseInt(digits, 16)), 'utf8').toString('latin1'),
  );
}

/** ASCII characters in more bytes than UTF-8 allows (RFC 3629 3): `C0 AF` is a slash to a careless decoder. */
function shortenOverlongForms(text: string): string {
  return text.replace(/(?:[\xc0\xc1]|\xe0[\x80\x81]|\xf0\x80[\x80\x81])[\x80-\xbf]/g, (form) =>
    String.fromCharCode(((form.charCodeAt(form.length - 2) & 1) << 6) | (form.charCodeAt(form.length - 1) & 0x3f)),
  );
}

function removeInvisible(text: string): string {
  return text.replace(/\p{Default_Ignorable_Code_Point}+/gu, '');
}

/** Older charsets turn these into a slash or a backslash. */
function foldSlashLookalikes(text: string): string {
  return text.replace(/[\u2044\u2215\u29f8]/g, '/').replace(/[\u2216\u29f5\u29f9\u00a5\u20a9]/g, '\\');
}

function ofUnicode(bytes: string, fold: (text: string) => string): string {
  if (/^[\x00-\x7f]*$/.test(bytes)) return bytes;
  const buffer = Buffer.from(bytes, 'latin1');
  return isUtf8(buffer) ? Buffer.from(fold(buffer.toString('utf8')), 'utf8').toString('latin1') : bytes;
}
