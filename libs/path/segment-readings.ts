import { isUtf8 } from 'node:buffer';
import { CHARACTER_STEPS, readingsBy } from './reading-steps.js';

/** Honest paths have fewer readings, and each costs a decode. */
const MAXIMUM_READINGS = 24;

/** Ends a segment or the path in some reading. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const STRUCTURE = /[/\\?#\x00-\x1f\x7f]/;

/** `STRUCTURE` without slash and backslash. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const END_OF_PATH = /[?#\x00-\x1f\x7f]/;

const DOT_OR_BLANK = /[\s.]/;

/** Windows drops these at the end of a name, others at its beginning. */
const DOTS_AND_BLANKS = /^[\s.]*$/;

/**
 * All texts that an upstream may read here: decoded once or more, compatibility characters folded (NFKC), and invisible
 * ones removed, in any order. Byte strings. @returns the text itself first; null if there are too many
 */
export function readingsOf(text: string): readonly string[] | null {
  return text.includes('%') ? readingsBy(CHARACTER_STEPS, text, MAXIMUM_READINGS) : [text];
}

/** R13: in every reading one segment: no separator, not empty, no dot segment, no end of the path. */
export function isOneSegment(text: string): boolean {
  return (
    readingsOf(text)?.every((reading) => !STRUCTURE.test(reading) && isNamed(reading) && isReadable(reading)) ?? false
  );
}

/** R13: `isOneSegment`, and in every reading with this beginning. @param beginning of the text itself */
export function startsOneSegment(text: string, beginning: string): boolean {
  if (!isOneSegment(text)) return false;
  const beginnings = readingsOf(beginning) ?? [];
  return (
    readingsOf(text)?.every((reading) => {
      const [name = ''] = reading.split(';', 1);
      const kept = keptName(name);
      return beginnings.some((written) => kept.startsWith(written));
    }) ?? false
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

/** Without what some servers and file systems drop: blanks around it, dots at its end. */
function keptName(segment: string): string {
  let end = segment.length;
  while (end > 0 && DOT_OR_BLANK.test(segment.charAt(end - 1))) end -= 1;
  return segment.slice(0, end).trimStart();
}

/** Something is left after parameters and characters that file systems drop. */
function isNamed(segment: string): boolean {
  const end = segment.indexOf(';');
  return !DOTS_AND_BLANKS.test(end < 0 ? segment : segment.slice(0, end));
}

function isReadable(reading: string): boolean {
  return isUtf8(Buffer.from(reading, 'latin1'));
}
