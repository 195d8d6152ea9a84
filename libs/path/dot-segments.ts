import { readingsOf } from './segment-readings.js';

const DOT_SEGMENT =
  'The path contains a dot segment, or what a server may read as one. Only "." in this spelling is forwarded.';
const TOO_MANY_READINGS = 'The path is percent-encoded too many times.';

/**
 * R48: refuses every `..`, and every dot segment in another spelling: encoded, with encoded slashes or backslashes
 * around it, with a parameter behind it, or of characters that a server may fold to dots. A segment written `.` means
 * the same to everybody.
 * @returns a sentence, or null
 */
export function dotSegmentFault(rawPath: string): string | null {
  for (const segment of rawPath.split('/')) {
    if (segment === '.') continue;
    const readings = readingsOf(segment);
    if (readings === null) return TOO_MANY_READINGS;
    if (readings.some(hasDotSegment)) return DOT_SEGMENT;
  }
  return null;
}

/** @param reading of one written segment, as a byte string */
function hasDotSegment(reading: string): boolean {
  if (!reading.includes('.')) return false;
  return Buffer.from(reading, 'latin1')
    .toString('utf8')
    .split(/[/\\]/)
    .some((name) => isDotSegment(name) || isDotSegment(withoutControls(name)));
}

/** Cut where a reader may end the name; blanks do not count, since some file systems drop them. */
function isDotSegment(name: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  const end = name.search(/[;?#\x00-\x1f\x7f]/);
  const text = end < 0 ? name : name.slice(0, end);
  return /^[\s.]*\.[\s.]*$/.test(text) && !/^\.{3,}$/.test(text);
}

function withoutControls(name: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return name.replace(/[\x00-\x1f\x7f]+/g, '');
}
