import { describe, expect, it } from 'vitest';
import { sourceFiles } from './source-tree.js';

interface Corpus {
  readonly about?: unknown;
  readonly cases?: unknown;
  /** Whole requests with a credential (basic.json). */
  readonly presented?: unknown;
  /** Paths and read-only exceptions (paths.json). */
  readonly exceptions?: unknown;
}

interface Case {
  readonly id?: unknown;
  readonly expected?: unknown;
  readonly expected_on?: unknown;
  readonly why?: unknown;
}

/** Each corpus, and what the ids of its cases begin with. */
const PREFIXES: Readonly<Record<string, string>> = {
  'basic.json': 'BASIC',
  'ip-rules.json': 'IP',
  'iso8601.json': 'ISO',
  'paths.json': 'PATH',
  'proxies.json': 'PROXY',
  'raw-http.json': 'RAW',
  'xff.json': 'XFF',
};

const CORPORA = sourceFiles('test/corpora');

describe('the corpora', () => {
  it('are the seven that tests read', () => {
    expect(CORPORA.map(({ path }) => path.split('/').at(-1) ?? '').toSorted()).toEqual(Object.keys(PREFIXES));
  });

  it.each(CORPORA.map((file) => [file.path, file.text] as const))(
    '%s says what it is about, and each case what it expects and why',
    (path, text) => {
      const corpus = JSON.parse(text) as Corpus;
      expect(typeof corpus.about).toBe('string');
      const lists = [corpus.cases, corpus.presented ?? [], corpus.exceptions ?? []];
      expect(lists.every((list) => Array.isArray(list))).toBe(true);
      const cases = lists.flat() as readonly Case[];
      expect(cases.length).toBeGreaterThan(10);
      const prefix = PREFIXES[path.split('/').at(-1) ?? ''] ?? '';
      expect(cases.filter(({ id }) => typeof id !== 'string' || !id.startsWith(`${prefix}-`))).toEqual([]);
      expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
      expect(
        cases.filter((one) => (one.expected ?? one.expected_on) === undefined || typeof one.why !== 'string'),
      ).toEqual([]);
    },
  );

  it.each(CORPORA.map((file) => [file.path, file.text] as const))('%s is read by a test', (path) => {
    const name = path.split('/').at(-1) ?? '';
    const readers = ['libs', 'src', 'test/e2e', 'test/cases', 'test/integration'].flatMap((folder) =>
      sourceFiles(folder, (source) => source.endsWith('.ts')),
    );
    expect(readers.filter(({ text }) => text.includes(name)).length).toBeGreaterThan(0);
  });
});
