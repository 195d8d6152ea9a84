import { describe, expect, it } from 'vitest';
import { isSpec, readSource, sourceFiles } from './source-tree.js';

/** What is not built, or not tested, yet, and why. Whoever adds a test takes its id out: this file fails until then. */
const COMING: Readonly<Record<string, string>> = {};

const REQUIREMENTS = [...readSource('docs/requirements.md').matchAll(/^\| (R\d{2,3}) \|/gm)].map(
  (match) => match[1] ?? '',
);

/** A title of it, test or describe, also of `.each`, or a row of a case table. */
const NAMES = [
  /\b(?:it|test|describe)(?:\.\w+)*\(\s*[`'"]([^`'"\n]*)/g,
  /\)\s*\(\s*[`'"]([^`'"\n]*)/g,
  /\brequirements?:\s*(\[[^\]]*\]|[`'"][^`'"\n]*)/g,
];

function namedRequirements(): ReadonlySet<string> {
  const named = new Set<string>();
  for (const folder of ['src', 'libs', 'test']) {
    for (const { path, text } of sourceFiles(folder, (name) => isSpec(name) || name.startsWith('test/cases/'))) {
      if (path === 'test/architecture/requirements.arch-spec.ts') continue;
      for (const pattern of NAMES) {
        for (const match of text.matchAll(pattern)) {
          for (const id of match[1]?.match(/\bR\d{2,3}\b/g) ?? []) named.add(id);
        }
      }
    }
  }
  return named;
}

describe('the requirements', () => {
  const named = namedRequirements();

  it('are the numbered rows of docs/requirements.md, each once', () => {
    expect(REQUIREMENTS.length).toBeGreaterThan(60);
    expect(new Set(REQUIREMENTS).size).toBe(REQUIREMENTS.length);
  });

  it('are named by a test each, but those that are listed as coming', () => {
    expect(REQUIREMENTS.filter((id) => !named.has(id) && !(id in COMING))).toEqual([]);
  });

  it('are no longer listed as coming once a test names them', () => {
    expect(Object.keys(COMING).filter((id) => named.has(id) || !REQUIREMENTS.includes(id))).toEqual([]);
  });

  it('are the only ones that tests name', () => {
    expect([...named].filter((id) => !REQUIREMENTS.includes(id))).toEqual([]);
  });
});
