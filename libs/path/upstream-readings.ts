import type { PathRules } from './path-class.js';
import { CHARACTER_STEPS, readingsBy, type ReadingStep } from './reading-steps.js';

/** Honest paths have fewer, and each costs a pass over the path. */
const MAXIMUM_READINGS = 32;

/** Have no second meaning anywhere. */
const PLAIN_CHARACTERS = /^[\w./~!$&'()*+,=:@-]*$/;

/** Steps that look at the structure of a path. No dot segment is forwarded that goes up, so no step goes up. */
const PATH_STEPS: readonly ReadingStep[] = [
  ...CHARACTER_STEPS,
  (path) => [path.replaceAll('\\', '/')],
  (path) => [path.replace(/\/{2,}/g, '/')],
  (path) => [path.replace(/;[^/]*/g, '')],
  // `//host/path` is a reference to another host (RFC 3986 4.2).
  (path) => [path.replace(/^\/{2,}[^/]*(?=\/)/, '')],
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  (path) => [path.replace(/[?#\x00-\x1f\x7f].*$/s, ''), path.replace(/[\x00-\x1f\x7f]/g, '')],
  // Some file systems drop blanks around a name, and Windows drops dots at its end too.
  (path) => [eachSegment(path, trimBlanks), eachSegment(path, trimDotsAndBlanks)],
  (path) => [withoutDotSegments(path)],
];

/**
 * All paths that an upstream may read here: decoded once or more, compatibility characters folded, backslashes as
 * slashes, slashes merged, parameters and `.` segments removed, cut at an encoded `?` or `#`, and the product's own
 * rewrite, in any order. A pattern that allows something must match all of them; for one that forbids, any is enough.
 * Upper and lower case stay as they are.
 * @param path the canonical path
 * @returns byte strings, the path itself first; null if there are too many
 */
export function pathReadings(path: string, rules: Pick<PathRules, 'rewritesStatic'>): readonly string[] | null {
  const isRewritten = rules.rewritesStatic && path.startsWith('/s/');
  if (!isRewritten && isPlain(path)) return [path];
  const steps = rules.rewritesStatic ? [...PATH_STEPS, staticRewrites] : PATH_STEPS;
  return readingsBy(steps, path, MAXIMUM_READINGS);
}

function isPlain(path: string): boolean {
  return (
    PLAIN_CHARACTERS.test(path) &&
    !path.includes('//') &&
    !path.includes('/.') &&
    !path.includes('./') &&
    !path.endsWith('.')
  );
}

/** The products serve `/s/<anything>/_/<path>` as `/<path>`; which `/_/` counts depends on the version. */
function staticRewrites(path: string): readonly string[] {
  if (!path.startsWith('/s/')) return [];
  const paths: string[] = [];
  for (let at = path.indexOf('/_/', 2); at >= 0; at = path.indexOf('/_/', at + 1)) {
    paths.push(path.slice(at + 2));
    if (paths.length > MAXIMUM_READINGS) break;
  }
  return paths;
}

function withoutDotSegments(path: string): string {
  if (!path.includes('/.')) return path;
  const [root, ...segments] = path.split('/');
  return `${root}/${segments.filter((segment) => segment !== '.').join('/')}`;
}

function eachSegment(path: string, change: (segment: string) => string): string {
  return /[. ](?:\/|$)|\/ /.test(path) ? path.split('/').map(change).join('/') : path;
}

function trimBlanks(segment: string): string {
  return segment.replace(/^ +/, '').trimEnd();
}

/** No expression: one that is tried at every dot takes quadratic time. */
function trimDotsAndBlanks(segment: string): string {
  if (segment === '.') return segment;
  let end = segment.length;
  while (end > 0 && (segment[end - 1] === '.' || segment[end - 1] === ' ')) end -= 1;
  return segment.slice(0, end);
}
