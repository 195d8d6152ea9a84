import { classifyPath, isNativeTokenPath, isSessionAlias, type PathRules } from './path-class.js';
import { decodeBytes, decodeUnreserved } from './percent-encoding.js';
import { readingsOf } from './segment-readings.js';

/** No real chain of proxies and servers decodes more often. */
const MAXIMUM_DECODES = 8;

/**
 * One way an upstream may read a path. If it climbs above its root, it leaves the mount, and the result depends on the
 * upstream's base path: then every suffix is judged.
 */
interface Reading {
  readonly path: string;
  readonly leavesMount: boolean;
}

/** Tests the path from this offset. */
type PathTest = (path: string, offset: number) => boolean;

export interface ReadingsVerdict {
  /** At least one reading is REST, or under `/rpc/`. */
  readonly anyRest: boolean;
  readonly allRest: boolean;
  /** At least one reading, at any depth of decoding (R53). */
  readonly nativeTokenManagement: boolean;
  /** At least one reading, at any depth of decoding, under any name of the endpoint. */
  readonly sessionEndpoint: boolean;
}

/**
 * R46, R53: the plausible readings are raw; RFC 3986 (unreserved decoded, dot segments removed); servlet (parameters
 * removed, decoded once, backslashes as slashes, slashes merged, dot segments removed); servlet decoded twice;
 * Atlassian's `/s/…/_/` rewrite.
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
  const folded = readingsOf(rawPath);
  const deep = [
    ...furtherReadings([raw, normalised, once, twice]),
    ...(folded ?? []).map((reading) => servletReading(reading)),
  ];
  // One of too many readings may be such a path.
  const isUnclear = folded === null;
  return {
    anyRest,
    allRest,
    nativeTokenManagement:
      (isUnclear && rules.nativeTokens.length > 0) ||
      reachesDeeply(deep, (path, offset) => isNativeTokenPath(path, rules, offset)),
    sessionEndpoint:
      (isUnclear && rules.sessionEndpoint) ||
      reachesDeeply(deep, (path, offset) => isSessionAlias(path, rules, offset)),
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

/** R118: the application serves another path in place of this one. */
export function isRewritten(path: string, rules: PathRules): boolean {
  return rules.rewritesStatic && nextRewrite(path, 0) >= 0;
}

/**
 * The products serve `/s/<anything>/_/<path>` as `/<path>`. Their pattern is greedy; we check every `/_/`.
 * @returns the start of the next path after `from`, or -1
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

/** Decodes until nothing changes. */
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

/** Includes `/s/…/_/` rewrites of the readings. */
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

/** As a servlet container reads it. Applied to its own result: the reading after another decode. */
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
      // A dot segment at the end means a folder: its slash stays.
      kept.push('');
    }
  }
  return { path: `/${kept.join('/')}`, leavesMount };
}
