import { parsePathPattern, type PathPattern } from './path-pattern.js';
import type { CanonicalPath } from './path-judgement.js';
import { decodeBytes } from './percent-encoding.js';
import { pathReadings } from './upstream-readings.js';

/** The methods of the patterns that reach a path; null: no pattern does. */
export type BlockedMethods = ReadonlySet<string> | 'every' | null;

/** `tree`: a pattern also reaches a path if it can reach one below it. */
export type BlockedReach = 'path' | 'tree';

/** Prepared for the hot path. */
export interface BlockedPaths {
  methodsAt(canonical: CanonicalPath, reach?: BlockedReach): BlockedMethods;
}

interface Block {
  readonly methods: readonly string[] | 'every';
  /** What a path that has one reading begins with. */
  readonly beginning: string;
  readonly segments: readonly string[];
}

/**
 * R124: patterns that close something: a path matches if one reading of it does, of whatever upstream. A slash at the
 * end changes nothing, and GET includes HEAD. An invalid pattern blocks nothing.
 */
export function compileBlockedPaths(patterns: readonly PathPattern[]): BlockedPaths {
  const blocks = patterns.filter((pattern) => parsePathPattern(pattern).ok).flatMap(blocksOf);
  return {
    methodsAt(canonical, reach = 'path') {
      if (blocks.length === 0) return null;
      const readings = pathReadings(canonical, { rewritesStatic: true });
      // With too many readings, one of them may be blocked.
      if (readings === null) return 'every';
      const isTree = reach === 'tree';
      if (isTree || readings.length > 1) return methodsOf(blocks, readings.map(segmentsOf), isTree);
      const near = blocks.filter(({ beginning }) => canonical.startsWith(beginning));
      return near.length === 0 ? null : methodsOf(near, [segmentsOf(canonical)], false);
    },
  };
}

/** An upstream that decodes takes `/a%2Fb` and `/a/b` for one path, so the pattern blocks both. */
function blocksOf({ method, path }: PathPattern): readonly Block[] {
  const methods = method === undefined ? 'every' : method === 'GET' ? ['GET', 'HEAD'] : [method];
  const spellings = path.includes('%') ? [path, decodeBytes(path)] : [path];
  return spellings.map((spelling) => ({
    methods,
    beginning: /^[^*]*/.exec(spelling)?.[0].replace(/\/$/, '') ?? '',
    segments: segmentsOf(spelling),
  }));
}

function methodsOf(
  blocks: readonly Block[],
  readings: readonly (readonly string[])[],
  isTree: boolean,
): BlockedMethods {
  let methods: Set<string> | null = null;
  for (const block of blocks) {
    if (!readings.some((segments) => matches(block.segments, segments, isTree))) continue;
    if (block.methods === 'every') return 'every';
    methods ??= new Set();
    for (const method of block.methods) methods.add(method);
  }
  return methods;
}

function segmentsOf(path: string): readonly string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function matches(pattern: readonly string[], path: readonly string[], isTree: boolean): boolean {
  const isOpen = pattern.at(-1) === '**';
  const fixed = isOpen ? pattern.length - 1 : pattern.length;
  const isAbove = isTree && path.length <= fixed;
  if (!isAbove && (isOpen ? path.length <= fixed : path.length !== fixed)) return false;
  for (let index = 0; index < Math.min(fixed, path.length); index += 1) {
    const wanted = pattern[index] ?? '';
    const segment = path[index] ?? '';
    if (wanted.endsWith('*') ? !segment.startsWith(wanted.slice(0, -1)) : segment !== wanted) return false;
  }
  return true;
}
