import { describe, expect, it } from 'vitest';
import { isSpec, occurrences, readSource, sourceFiles, type SourceFile } from './source-tree.js';

const CODE = ['src', 'libs', 'demo', 'test'].flatMap((folder) => sourceFiles(folder, (path) => path.endsWith('.ts')));
const SPECS = CODE.filter(({ path }) => isSpec(path));

/** Hosts that packages are downloaded from. The lock file works with whichever registry npm is set up for. */
const REGISTRY_HOSTS = ['npmjs', 'yarnpkg', 'npmmirror', 'pkg.github', 'jsr', 'pypi', 'unpkg', 'jsdelivr'].map(
  (name) => new RegExp(String.raw`\b${name}\.(?:org|com|io|net)\b`, 'i'),
);

/** A test that may not run: its own line or the comment above has to say why. */
const MAY_NOT_RUN = /\b(?:it|test|describe|suite)(?:\.\w+)*\.(?:skip|skipIf|runIf|todo|fails)\b/;

/** Places of tests that may not run and say nothing of why. */
function unexplained(file: SourceFile): readonly string[] {
  const lines = file.text.split('\n');
  return occurrences(file, MAY_NOT_RUN).filter((place) => {
    const index = Number(/:(\d+): /.exec(place)?.[1]) - 1;
    const above = lines[index - 1]?.trim() ?? '';
    // A condition is a reason in code: `it.runIf(isGitAvailable())`.
    const hasCondition = /\.(?:skipIf|runIf)\(\s*[^)\s]/.test(lines[index] ?? '');
    return !hasCondition && !/^(?:\/\/|\*)/.test(above);
  });
}

describe('the tests', () => {
  it('are all run, or say why not', () => {
    expect(SPECS.length).toBeGreaterThan(30);
    expect(SPECS.flatMap(unexplained)).toEqual([]);
  });

  it('are never narrowed down to one of them', () => {
    expect(SPECS.flatMap((file) => occurrences(file, /\b(?:it|test|describe|suite)(?:\.\w+)*\.only\b/))).toEqual([]);
  });

  it('are found by the runner: a file of tests ends in .spec.ts, .e2e-spec.ts, .int-spec.ts, .arch-spec.ts or .fault-spec.ts', () => {
    const runs = CODE.filter(({ text }) => /^(?:it|describe)(?:\.\w+)*\(/m.test(text)).map(({ path }) => path);
    expect(runs.filter((path) => !isSpec(path))).toEqual([]);
  });
});

describe('the names of files', () => {
  it('say what a file is about: none is for odds and ends', () => {
    const vague = /(?:^|[/.-])(?:utils?|helpers?|shared|misc|commons?)(?:[/.-]|$)/;
    const paths = CODE.map(({ path }) => path.replace(/^src\/common\//, 'src/'));
    expect(paths.filter((path) => vague.test(path))).toEqual([]);
  });

  it('are lower-case words with dashes, and their role after a dot', () => {
    const name = /^(?:\d+-)?[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*\.ts$/;
    expect(CODE.map(({ path }) => path).filter((path) => !name.test(path.split('/').at(-1) ?? ''))).toEqual([]);
  });
});

describe('the console', () => {
  it('R99: asks again on its own only while somebody is there: each such query uses `usePollingMs`', () => {
    // A folder of this name is left out elsewhere: there, it holds what a server keeps.
    const files = ['console/src', 'console/src/data'].flatMap((folder) => sourceFiles(folder));
    const intervals = files.flatMap((file) => occurrences(file, /refetchInterval.*/));
    expect(intervals.length).toBeGreaterThan(4);
    const isPolite = /refetchInterval(?:,| }| = usePollingMs\()/;
    expect(intervals.filter((place) => !isPolite.test(place))).toEqual([]);
  });
});

describe('the README', () => {
  it('explains every variable of the environment, and no other', () => {
    const names = (text: string): readonly string[] =>
      [
        ...new Set(
          text.match(/\bSCOPEGATE_(?!TEST_)[A-Z_]+[A-Z]\b|\b(?:HOST|PORT|DATABASE_URL|REDIS_URL|LOG_LEVEL)\b/g),
        ),
      ]
        .filter((name) => !name.endsWith('_FILE'))
        .toSorted();
    expect(names(readSource('README.md'))).toEqual(names(readSource('src/config/env.ts')));
  });
});

describe('what is committed', () => {
  it('is downloaded from whichever registry npm is set up for: none is named', () => {
    const files = sourceFiles('', (path) => /\.(?:[cm]?[jt]s|json|ya?ml|md|sh)$|^[^/]+$|^\.ci\//.test(path));
    expect(files.length).toBeGreaterThan(200);
    const named = files.flatMap(({ path, text }) =>
      REGISTRY_HOSTS.filter((host) => host.test(text)).map((host) => `${path}: ${host.source}`),
    );
    expect(named).toEqual([]);
    expect(readSource('package-lock.json')).not.toContain('"resolved": "http');
  });
});
