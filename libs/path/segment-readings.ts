import { isUtf8 } from 'node:buffer';
import { decodeBytes } from './percent-encoding.js';

/** Honest paths have fewer readings, and each costs a decode. */
const MAXIMUM_READINGS = 24;

/** Ends a segment or the path in some reading. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const STRUCTURE = /[/\\?#\x00-\x1f\x7f]/;

/** `STRUCTURE` without slash and backslash. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const END_OF_PATH = /[?#\x00-\x1f\x7f]/;

/** Some older charsets turn these into a slash or a backslash; `%u` is IIS' own encoding. */
const LOOKALIKE = /[\u2044\u2215\u2216\u29f5\u29f8\u29f9\u00a5\u20a9]|%u[0-9a-f]{4}/i;

/** Windows drops these at the end of a name, others at its beginning. */
const DOTS_AND_BLANKS = /^[\s.]*$/;

/**
 * All texts that an upstream may read here: decoded once or more, compatibility characters folded (NFKC), and invisible
 * ones removed, in any order. Byte strings. @returns the text itself first; null if there are too many
 */
export function readingsOf(text: string): readonly string[] | null {
  if (!text.includes('%')) return [text];
  const readings = new Set([text]);
  // The loop also visits readings that are added during it.
  for (const reading of readings) {
    readings.add(decodeBytes(reading));
    readings.add(foldCompatibility(reading));
    if (readings.size > MAXIMUM_READINGS) return null;
  }
  return [...readings];
}

/** R13: in every reading one segment: no separator, not empty, no dot segment, no end of the path. */
export function isOneSegment(text: string): boolean {
  return (
    readingsOf(text)?.every((reading) => !STRUCTURE.test(reading) && isNamed(reading) && isReadable(reading)) ?? false
  );
}

/** R13: in every reading one or more segments that do not go up. A slash may follow. */
export function leadsDownwards(text: string): boolean {
  return (
    readingsOf(text)?.every((reading) => {
      if (END_OF_PATH.test(reading) || !isReadable(reading)) return false;
      const segments = reading.split(/[/\\]/);
      if (segments.length > 1 && segments.at(-1) === '') segments.pop();
      return segments.every(isNamed);
    }) ?? false
  );
}

/** Something is left after parameters and characters that file systems drop. */
function isNamed(segment: string): boolean {
  const end = segment.indexOf(';');
  return !DOTS_AND_BLANKS.test(end < 0 ? segment : segment.slice(0, end));
}

function isReadable(reading: string): boolean {
  const bytes = Buffer.from(reading, 'latin1');
  return isUtf8(bytes) && !LOOKALIKE.test(bytes.toString('utf8'));
}

function foldCompatibility(reading: string): string {
  if (/^[\x00-\x7f]*$/.test(reading)) return reading;
  const bytes = Buffer.from(reading, 'latin1');
  if (!isUtf8(bytes)) return reading;
  const folded = bytes
    .toString('utf8')
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}+/gu, '');
  return Buffer.from(folded, 'utf8').toString('latin1');
}
