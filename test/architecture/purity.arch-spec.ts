import { describe, expect, it } from 'vitest';
import { isSpec, occurrences, sourceFiles, withoutComments } from './source-tree.js';

/** Reading the environment, by any of its names. */
const ENVIRONMENT =
  /\bprocess\s*(?:\?\.|\.|\[\s*['"])\s*env\b|\bfrom ['"](?:node:)?process['"]|\{[^{}]*\benv\b[^{}]*\}\s*=\s*(?:globalThis\.)?process\b/;

/** What makes the answer of a rule depend on more than its arguments, or reach out of it. */
const IMPURE =
  /\bDate\.now\b|\bnew Date\(\s*\)|\bperformance\.|\bMath\.random\b|\brandom(?:Bytes|Int|UUID|FillSync)\b[^{}]*\}\s*from\b|\bcrypto\.(?:random|getRandom)\w*|\bprocess\.|\bglobalThis\b|\bconsole\.|\bset(?:Timeout|Interval|Immediate)\(|\bqueueMicrotask\(|\bfetch\(|\bimport\(|\brequire\(/;

describe('the configuration', () => {
  it('src/config/env.ts alone reads the environment', () => {
    const files = ['src', 'libs'].flatMap((folder) =>
      sourceFiles(folder, (path) => path.endsWith('.ts') && !isSpec(path)),
    );
    expect(files.length).toBeGreaterThan(100);
    const readers = files.flatMap((file) => occurrences(file, ENVIRONMENT));
    expect(readers.filter((place) => !place.startsWith('src/config/env.ts:'))).toEqual([]);
    expect(readers.length).toBeGreaterThan(0);
  });
});

describe('the libs', () => {
  const files = sourceFiles('libs', (path) => path.endsWith('.ts') && !isSpec(path));

  it('read no clock, no randomness and no process: what a rule needs, it is given', () => {
    expect(files.length).toBeGreaterThan(40);
    expect(files.flatMap((file) => occurrences(file, IMPURE))).toEqual([]);
  });

  it('have one public index each', () => {
    const libs = new Set(files.map(({ path }) => path.split('/')[1] ?? ''));
    const indexes = files.filter(({ path }) => path.endsWith('/index.ts')).map(({ path }) => path.split('/')[1] ?? '');
    expect(indexes.toSorted()).toEqual([...libs].toSorted());
  });
});

describe('the test of purity itself', () => {
  it('looks at code and strings, and not at comments', () => {
    const code = "const a = 'http://x'; // process.env\n/* Date.now() */ const b = `//`;";
    expect(withoutComments(code)).toBe("const a = 'http://x';               \n                 const b = `//`;");
    expect(occurrences({ path: 'x.ts', text: '\nconst { env } = process;' }, ENVIRONMENT)).toEqual([
      'x.ts:2: { env } = process',
    ]);
    expect(occurrences({ path: 'x.ts', text: "process['env']; // process.env" }, ENVIRONMENT)).toEqual([
      "x.ts:1: process['env",
    ]);
    expect(occurrences({ path: 'x.ts', text: 'new Date(0); new Date();' }, IMPURE)).toEqual(['x.ts:1: new Date()']);
  });
});
