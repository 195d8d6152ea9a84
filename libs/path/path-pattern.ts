import type { CanonicalPath } from './path-judgement.js';
import { patternSpellingFault } from './pattern-spelling.js';
import { upperCaseTriples } from './percent-encoding.js';
import { isOneSegment, leadsDownwards, startsOneSegment } from './segment-readings.js';

/**
 * The path is an exact canonical path below the mount, or a glob: `*` stands for one segment, `name*` for one segment
 * with this beginning, and a final `**` for one or more segments.
 */
export interface PathPattern {
  /** Left out: every method. */
  readonly method?: string | undefined;
  readonly path: string;
}

/** R13: requests that count as reads. */
export type ReadOnlyException = PathPattern & { readonly method: string };

/** Prepared for the hot path. */
export interface CompiledPatterns {
  matches(method: string, canonical: CanonicalPath): boolean;
}

export type PatternParsing = { readonly ok: true } | { readonly ok: false; readonly message: string };

/** R13, R118, R124: checks the syntax, because a pattern with an error would never match. */
export function parsePathPattern({ method, path }: PathPattern): PatternParsing {
  const fault = (method === undefined ? null : methodFault(method)) ?? pathFault(path);
  return fault === null ? { ok: true } : { ok: false, message: fault };
}

function methodFault(method: string): string | null {
  if (!/^[A-Z][A-Z0-9!#$%&'*+.^_`|~-]{0,31}$/.test(method)) return 'The method must be an HTTP method in upper case.';
  return method === 'TRACE' || method === 'CONNECT' ? `${method} is refused for everyone: leave it out.` : null;
}

function pathFault(path: string): string | null {
  if (path.length > 2048) return 'The path is longer than 2048 characters.';
  if (!path.startsWith('/')) return 'The path must begin with a slash.';
  if (path.includes('?') || path.includes('#')) return 'The path must not have a query or a fragment.';
  const segments = path.slice(1).split('/');
  const last = segments.pop() ?? '';
  if (segments.includes('**')) return '** is allowed only as the last segment.';
  if (![...segments, last === '**' ? '' : last].every((segment) => !segment.slice(0, -1).includes('*'))) {
    return 'A * must be a whole segment or the end of one, and ** must be the last segment.';
  }
  const fault = patternSpellingFault(path);
  return fault === null ? null : `The path is not canonical${fault}`;
}

/** In place of a method: every method. */
const EVERY_METHOD = '';

interface MethodPatterns {
  readonly exact: Set<string>;
  readonly globs: (readonly string[])[];
}

/**
 * Patterns that open something: a path matches only if it matches in every reading, so that an encoded slash makes two
 * segments. An invalid pattern matches nothing.
 */
export function compilePatterns(patterns: readonly PathPattern[]): CompiledPatterns {
  const byMethod = new Map<string, MethodPatterns>();
  for (const pattern of patterns) {
    if (!parsePathPattern(pattern).ok) continue;
    const { method = EVERY_METHOD, path } = pattern;
    const ofMethod = byMethod.get(method) ?? { exact: new Set(), globs: [] };
    byMethod.set(method, ofMethod);
    if (path.includes('*')) ofMethod.globs.push(path.slice(1).split('/'));
    else ofMethod.exact.add(path);
  }
  const has = (method: string, path: string): boolean => {
    const patternsOf = byMethod.get(method);
    if (patternsOf === undefined) return false;
    return patternsOf.exact.has(path) || patternsOf.globs.some((glob) => matchesGlob(glob, path));
  };
  return {
    matches(method, canonical) {
      const path = upperCaseTriples(canonical);
      return has(method, path) || has(EVERY_METHOD, path);
    },
  };
}

/** No backtracking: a wildcard can match in one way only. Other segments compare byte for byte. */
function matchesGlob(glob: readonly string[], path: string): boolean {
  let start = 1;
  for (const pattern of glob) {
    if (start > path.length) return false;
    if (pattern === '**') return leadsDownwards(path.slice(start));
    const slash = path.indexOf('/', start);
    const end = slash < 0 ? path.length : slash;
    if (!matchesSegment(pattern, path.slice(start, end))) return false;
    start = end + 1;
  }
  // One past the end: no slash follows the last segment.
  return start === path.length + 1;
}

function matchesSegment(pattern: string, segment: string): boolean {
  if (!pattern.endsWith('*')) return segment === pattern;
  const beginning = pattern.slice(0, -1);
  if (!segment.startsWith(beginning)) return false;
  return beginning === '' ? isOneSegment(segment) : startsOneSegment(segment, beginning);
}
