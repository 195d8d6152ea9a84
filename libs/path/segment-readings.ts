import { isUtf8 } from 'node:buffer';
import { decodeBytes } from './percent-encoding.js';

/** More readings than this has no path that an honest client sends: every one would be a decode of its own. */
const MAXIMUM_READINGS = 24;

/** What ends a segment or the whole path in some reading: separators, the marks of a query and a fragment, controls. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const STRUCTURE = /[/\\?#\x00-\x1f\x7f]/;

/** The same without the two separators. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const END_OF_PATH = /[?#\x00-\x1f\x7f]/;

/** Characters that a conversion to an older charset turns into a slash or a backslash, and IIS' own encoding. */
const LOOKALIKE = /[\u2044\u2215\u2216\u29f5\u29f8\u29f9\u00a5\u20a9]|%u[0-9a-f]{4}/i;

/** Dots and blanks, which Windows drops at the end of a name, as do others at its beginning. */
const DOTS_AND_BLANKS = /^[\s.]*$/;

/**
 * Every text that an upstream may take this one for: percent-decoded once or more often, compatibility characters
 * folded (Unicode NFKC) and invisible ones left out, in any order. Byte strings: each character is one byte.
 * @param text a path or a part of one, as it stands in a request target
 * @returns the text itself first; null if there are too many
 */
export function readingsOf(text: string): readonly string[] | null {
  if (!text.includes('%')) return [text];
  const readings = new Set([text]);
  // A set goes on with what is added while it is walked through.
  for (const reading of readings) {
    readings.add(decodeBytes(reading));
    readings.add(foldCompatibility(reading));
    if (readings.size > MAXIMUM_READINGS) return null;
  }
  return [...readings];
}

/**
 * Whether a part of a canonical path is exactly one segment in every reading: it never turns out to hold a separator, to
 * be empty or a dot segment, or to end the path (R13). An encoded slash makes it two.
 */
export function isOneSegment(text: string): boolean {
  return (
    readingsOf(text)?.every((reading) => !STRUCTURE.test(reading) && isNamed(reading) && isReadable(reading)) ?? false
  );
}

/**
 * Whether a part of a canonical path is one segment or more in every reading, and leads nowhere but downwards (R13). A
 * slash may stand at its end.
 */
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

/** Whether something is left of a segment without its parameters, and without what file systems drop of a name. */
function isNamed(segment: string): boolean {
  const end = segment.indexOf(';');
  return !DOTS_AND_BLANKS.test(end < 0 ? segment : segment.slice(0, end));
}

function isReadable(reading: string): boolean {
  const bytes = Buffer.from(reading, 'latin1');
  return isUtf8(bytes) && !LOOKALIKE.test(bytes.toString('utf8'));
}

function foldCompatibility(reading: string): string {
  // oxlint-disable-next-line no-control-regex -- what lies beyond ASCII is looked for
  if (/^[\x00-\x7f]*$/.test(reading)) return reading;
  const bytes = Buffer.from(reading, 'latin1');
  if (!isUtf8(bytes)) return reading;
  const folded = bytes
    .toString('utf8')
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}+/gu, '');
  return Buffer.from(folded, 'utf8').toString('latin1');
}
