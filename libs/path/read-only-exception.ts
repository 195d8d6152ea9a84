import { PLAIN_PATHS } from './path-class.js';
import { judgePath, type CanonicalPath } from './path-judgement.js';
import { isOneSegment, leadsDownwards } from './segment-readings.js';

/**
 * R13: requests that count as reads. The path is an exact canonical path, or a glob: `*` stands for one segment, a
 * final `**` for one or more, in every reading: an encoded slash makes two segments.
 */
export type ReadOnlyException = { readonly method: string; readonly path: string };

/** Prepared for the hot path. */
export interface CompiledExceptions {
  matches(method: string, canonical: CanonicalPath): boolean;
}

/** R13: checks the syntax, because a pattern with an error would never match. @returns ok, or a message */
export function parseExceptionPattern(
  value: ReadOnlyException,
): { readonly ok: true } | { readonly ok: false; readonly message: string } {
  const { method, path } = value;
  if (!/^[A-Z][A-Z0-9!#$%&'*+.^_`|~-]{0,31}$/.test(method)) {
    return { ok: false, message: 'The method must be an HTTP method in upper case.' };
  }
  if (method === 'TRACE' || method === 'CONNECT') {
    return { ok: false, message: `${method} is refused for everyone and cannot be an exception.` };
  }
  if (path.length > 2048) {
    return { ok: false, message: 'The path is longer than 2048 characters.' };
  }
  if (!path.startsWith('/')) {
    return { ok: false, message: 'The path must begin with a slash.' };
  }
  if (path.includes('?') || path.includes('#')) {
    return { ok: false, message: 'The path must not have a query or a fragment.' };
  }
  const segments = path.split('/');
  for (let index = 1; index < segments.length; index += 1) {
    const segment = segments[index] ?? '';
    if (segment === '**' && index !== segments.length - 1) {
      return { ok: false, message: '** is allowed only as the last segment.' };
    }
    if (segment.includes('*') && segment !== '*' && segment !== '**') {
      return { ok: false, message: 'A * must be a whole segment, and ** must be the last segment.' };
    }
  }
  // An encoded slash is canonical only where the application allows it.
  const { strict } = judgePath(path, { rules: PLAIN_PATHS, encodedSlashes: 'allow' });
  if (!strict.ok) {
    return { ok: false, message: `The path is not canonical. ${strict.detail}` };
  }
  if (strict.canonical !== path) {
    return { ok: false, message: `The path is not canonical: write ${strict.canonical}` };
  }
  return { ok: true };
}

/** An invalid pattern matches nothing. */
export function compileExceptions(exceptions: readonly ReadOnlyException[]): CompiledExceptions {
  const rules = new Map<string, { readonly exact: Set<string>; readonly globs: (readonly string[])[] }>();
  for (const exception of exceptions) {
    if (!parseExceptionPattern(exception).ok) {
      continue;
    }
    let rule = rules.get(exception.method);
    if (rule === undefined) {
      rule = { exact: new Set(), globs: [] };
      rules.set(exception.method, rule);
    }
    if (exception.path.includes('*')) {
      rule.globs.push(exception.path.slice(1).split('/'));
    } else {
      rule.exact.add(exception.path);
    }
  }
  return {
    matches(method, canonical) {
      const rule = rules.get(method);
      return (
        rule !== undefined && (rule.exact.has(canonical) || rule.globs.some((glob) => matchesGlob(glob, canonical)))
      );
    },
  };
}

/** No backtracking: a wildcard can match in one way only. Other segments compare byte for byte. */
function matchesGlob(glob: readonly string[], path: string): boolean {
  let start = 1;
  for (let index = 0; index < glob.length; index += 1) {
    const pattern = glob[index] ?? '';
    if (start > path.length) {
      return false;
    }
    if (pattern === '**') {
      return leadsDownwards(path.slice(start));
    }
    const slash = path.indexOf('/', start);
    const end = slash < 0 ? path.length : slash;
    const matches =
      pattern === '*'
        ? isOneSegment(path.slice(start, end))
        : end - start === pattern.length && path.startsWith(pattern, start);
    if (!matches) {
      return false;
    }
    start = end + 1;
  }
  // One past the end: no slash follows the last segment.
  return start === path.length + 1;
}
