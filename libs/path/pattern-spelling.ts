import { canonicalSpelling } from './canonical-spelling.js';
import { dotSegmentFault } from './dot-segments.js';
import { encodingFault } from './percent-encoding.js';

/**
 * A pattern has one spelling, and none that a reading takes apart: no path parameter, no backslash, no dot segment.
 * Other encoded characters mean themselves: an encoded slash is no separator.
 * @returns the end of a sentence, or null
 */
export function patternSpellingFault(path: string): string | null {
  const encoding = encodingFault(path);
  if (encoding !== null) return `. ${encoding}`;
  const spelling = canonicalSpelling(path);
  if (!spelling.ok) return `. ${spelling.detail}`;
  const dots = /\/\.(?:\/|$)/.test(path) ? 'The path contains a dot segment.' : dotSegmentFault(path);
  if (dots !== null) return `. ${dots}`;
  if (/%5C|%3B/.test(spelling.canonical)) return '. The path contains an encoded backslash or semicolon.';
  return spelling.canonical === path ? null : `: write ${spelling.canonical}`;
}
