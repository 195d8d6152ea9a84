import { classifyPath, isNativeTokenPath, isSessionAlias, type PathRules } from './path-class.js';
import { decodeBytes, decodeUnreserved } from './percent-encoding.js';
import { readingsOf } from './segment-readings.js';

/** How often a path is decoded at most: no chain of proxies and servers seen in the wild decodes as often. */
export const MAXIMUM_DECODES = 8;

/**
 * One way an upstream may read a path. A reading that climbs above its own root leaves the mount; where it arrives
 * depends on the upstream's base path, which is why such a reading is judged by its every suffix.
 */
interface Reading {
  readonly path: string;
  readonly leavesMount: boolean;
}

/** A test of the path that begins at this offset. */
type PathTest = (path: string, offset: number) => boolean;

/** What the plausible readings of a raw path reach, taken together. */
export interface ReadingsVerdict {
  /** At least one reading is REST, or under `/rpc/`. */
  readonly anyRest: boolean;
  /** Every reading is REST. */
  readonly allRest: boolean;
  /** At least one reading, at any depth of decoding, is the product's own token management (R53). */
  readonly nativeTokenManagement: boolean;
  /** At least one reading, at any depth of decoding, is jira's session endpoint under any of its names. */
  readonly sessionEndpoint: boolean;
}

/**
 * Judges the plausible readings of a raw path (R46, R53): raw; RFC 3986 (unreserved decoded, dot segments removed);
 * servlet (path parameters stripped, decoded once, backslashes taken for slashes, slashes merged, dot segments
 * removed); servlet after a second decode; Atlassian's `/s/…/_/` rewrite of what the servlet sees.
 */
export function judgeReadings(rawPath: string, rules: PathRules): ReadingsVerdict {
  const raw: Reading = { path: rawPath, leavesMount: false };
  const normalised = resolveDotSegments(decodeUnreserved(rawPath));
  const once = servletReading(rawPath);
  const twice = servletReading(once.path, once.leavesMount);
  let anyRest = false;
  let allRest = true;
  for (const reading of [raw, normalised, once, twice]) {
    anyRest ||= reaches(reading, (path, offset) => classifyPath(path, rules, offset) !== 'other');
    allRest &&= isRest(reading.path, rules, 0);
  }
  for (const { path } of [once, twice]) {
    for (let offset = nextRewrite(path, 0); offset >= 0; offset = nextRewrite(path, offset)) {
      anyRest ||= classifyPath(path, rules, offset) !== 'other';
      allRest &&= isRest(path, rules, offset);
    }
  }
  const folded = (readingsOf(rawPath) ?? []).map((reading) => servletReading(reading));
  const deep = [...furtherReadings([raw, normalised, once, twice]), ...folded];
  return {
    anyRest,
    allRest,
    nativeTokenManagement: reachesDeeply(deep, (path, offset) => isNativeTokenPath(path, rules, offset)),
    sessionEndpoint: reachesDeeply(deep, (path, offset) => isSessionAlias(path, rules, offset)),
  };
}

/** Whether Atlassian's `/s/…/_/` rewrite leads from a page's path into REST or `/rpc/`. */
export function rewriteReachesRest(path: string, rules: PathRules): boolean {
  for (let offset = nextRewrite(path, 0); offset >= 0; offset = nextRewrite(path, offset)) {
    if (classifyPath(path, rules, offset) !== 'other') {
      return true;
    }
  }
  return false;
}

/**
 * The products serve `/s/<anything>/_/<path>` as `/<path>`. Their pattern is greedy; every `/_/` counts here, so that
 * nothing hangs on that.
 * @returns where the next path that the rewrite may lead to begins, after `from`, or -1
 */
function nextRewrite(path: string, from: number): number {
  if (!path.startsWith('/s/')) {
    return -1;
  }
  const marker = path.indexOf('/_/', Math.max(from, 2));
  return marker < 0 ? -1 : marker + 2;
}

function isRest(path: string, rules: PathRules, offset: number): boolean {
  const pathClass = classifyPath(path, rules, offset);
  return pathClass === 'rest' || pathClass === 'rest-session';
}

/** Adds the servlet's readings after further decodes, until decoding changes nothing more. */
function furtherReadings(readings: readonly Reading[]): readonly Reading[] {
  const all = [...readings];
  let last = all[all.length - 1];
  for (let decodes = 2; last !== undefined && decodes < MAXIMUM_DECODES; decodes += 1) {
    const next = servletReading(last.path, last.leavesMount);
    if (next.path === last.path) {
      break;
    }
    all.push(next);
    last = next;
  }
  return all;
}

/** Whether one of the readings, or what `/s/…/_/` makes of it, passes the test. */
function reachesDeeply(readings: readonly Reading[], test: PathTest): boolean {
  return readings.some((reading) => {
    if (reaches(reading, test)) {
      return true;
    }
    for (let offset = nextRewrite(reading.path, 0); offset >= 0; offset = nextRewrite(reading.path, offset)) {
      if (test(reading.path, offset)) {
        return true;
      }
    }
    return false;
  });
}

function reaches(reading: Reading, test: PathTest): boolean {
  if (test(reading.path, 0)) {
    return true;
  }
  if (!reading.leavesMount) {
    return false;
  }
  for (let slash = reading.path.indexOf('/', 1); slash >= 0; slash = reading.path.indexOf('/', slash + 1)) {
    if (test(reading.path, slash)) {
      return true;
    }
  }
  return false;
}

/** How a servlet container reads a path; applied to its own result it is the reading after a further decode. */
function servletReading(path: string, leftMount = false): Reading {
  const decoded = decodeBytes(stripParameters(path))
    .replaceAll('\\', '/')
    .replace(/\/{2,}/g, '/');
  const resolved = resolveDotSegments(decoded);
  return { path: resolved.path, leavesMount: leftMount || resolved.leavesMount };
}

function stripParameters(path: string): string {
  return path.includes(';') ? path.replace(/;[^/]*/g, '') : path;
}

/** RFC 3986 5.2.4. */
function resolveDotSegments(path: string): Reading {
  if (!path.includes('/.')) {
    return { path, leavesMount: false };
  }
  const segments = path.split('/');
  const kept: string[] = [];
  let leavesMount = false;
  for (let index = 1; index < segments.length; index += 1) {
    const segment = segments[index];
    if (segment === '..' && kept.pop() === undefined) {
      leavesMount = true;
    }
    if (segment !== '.' && segment !== '..') {
      kept.push(segment ?? '');
    } else if (index === segments.length - 1) {
      // A dot segment at the end names a folder: its trailing slash stays.
      kept.push('');
    }
  }
  return { path: `/${kept.join('/')}`, leavesMount };
}
