import { isUtf8 } from 'node:buffer';
import { classifyPath, type PathClass, type PathRules } from './path-class.js';
import { rewriteReachesRest } from './path-readings.js';
import { decodeBytes } from './percent-encoding.js';

const SLASH = 0x2f;
const DOT = 0x2e;

const DOT_SEGMENT = 'The path contains a dot segment.';
const LOOKALIKE = 'The path contains characters that a server may read as slashes, dots, semicolons or percent signs.';

/** Why a canonical path without encoded slashes and percent signs can be read as another one; null if it cannot. */
export function ambiguity(canonical: string, pathClass: PathClass, rules: PathRules): string | null {
  if (hasDotSegment(canonical)) {
    return DOT_SEGMENT;
  }
  if (rules.rewritesStatic && rewriteReachesRest(canonical, rules)) {
    return 'The application rewrites this path to another one (/s/…/_/).';
  }
  if (!canonical.includes('%')) {
    return null;
  }
  const decoded = decodeBytes(canonical);
  if (hasDotSegment(decoded)) {
    return DOT_SEGMENT;
  }
  return /^[\x00-\x7f]*$/.test(decoded) ? null : lookalikeFault(decoded, pathClass, rules);
}

/**
 * Some upstreams and file systems fold compatibility characters (NFKC) or drop invisible ones. That must add no slash,
 * backslash, semicolon or percent sign, make no dot segment, and change no class.
 */
function lookalikeFault(bytes: string, pathClass: PathClass, rules: PathRules): string | null {
  const buffer = Buffer.from(bytes, 'latin1');
  if (!isUtf8(buffer)) {
    return 'The path is not valid UTF-8.';
  }
  const text = buffer.toString('utf8');
  if (/\p{Cc}/u.test(text)) {
    return 'The path contains an encoded control character.';
  }
  const folded = text.normalize('NFKC').replace(/\p{Default_Ignorable_Code_Point}+/gu, '');
  if (folded === text) {
    return hasDotSegment(text) ? DOT_SEGMENT : null;
  }
  const changesMeaning =
    countStructure(folded) > countStructure(text) ||
    hasDotSegment(folded) ||
    classifyPath(folded, rules) !== pathClass ||
    (rules.rewritesStatic && rewriteReachesRest(folded, rules));
  return changesMeaning ? LOOKALIKE : null;
}

function countStructure(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === SLASH || code === 0x5c || code === 0x3b || code === 0x25) {
      count += 1;
    }
  }
  return count;
}

/** Ignores white space around it, since some file systems drop that. */
function hasDotSegment(path: string): boolean {
  let start = 1;
  while (start <= path.length) {
    const slash = path.indexOf('/', start);
    const end = slash < 0 ? path.length : slash;
    if (isDotSegment(path, start, end)) {
      return true;
    }
    // Saves most copies: only a dot or white space can begin such a segment.
    const first = path.charCodeAt(start);
    if (end > start && (first === DOT || first <= 0x20 || first >= 0x80)) {
      const trimmed = path.slice(start, end).trim();
      if (trimmed === '.' || trimmed === '..') {
        return true;
      }
    }
    start = end + 1;
  }
  return false;
}

export function isDotSegment(path: string, start: number, end: number): boolean {
  const length = end - start;
  return (
    (length === 1 && path.charCodeAt(start) === DOT) ||
    (length === 2 && path.charCodeAt(start) === DOT && path.charCodeAt(start + 1) === DOT)
  );
}
