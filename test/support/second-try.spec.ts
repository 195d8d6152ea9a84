import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createTemporaryFolder } from './temporary-folder.js';

const folder = createTemporaryFolder('second-try');
afterAll(() => folder.remove());

const PASSES = `import { it } from 'vitest';\nit('passes', () => {});\n`;
const FAILS = `import { it } from 'vitest';\nit('fails', () => { throw new Error('again'); });\n`;
/** Fails if it has not run before. */
const unsteady = (failure: string): string => `
import { existsSync, writeFileSync } from 'node:fs';
import { it } from 'vitest';
const isFirst = !existsSync(import.meta.filename + '.ran');
writeFileSync(import.meta.filename + '.ran', '');
it('is steady', () => {});
it.runIf(false)('is skipped', () => {});
it('is late', async () => { if (isFirst) { ${failure} } });
`;

const LATE = `throw new Error('too late');`;
const STRAY = `setImmediate(() => { throw new Error('stray'); }); await new Promise((done) => setTimeout(done, 50));`;

type Run = { readonly first: number; readonly again: number; readonly said: string; readonly counts: string };

/** Runs the files as `.ci/run` does. */
function run(name: string, files: Readonly<Record<string, string>>): Run {
  const cwd = join(folder.path, name);
  mkdirSync(cwd);
  symlinkSync(resolve('node_modules'), join(cwd, 'node_modules'));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(cwd, file), text);
  // Vitest tells its workers by these variables what they are part of.
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^VITEST|^TEST$/.test(key)));
  const node = (...args: readonly string[]): { readonly status: number | null; readonly stdout: string } =>
    spawnSync(process.execPath, args, { cwd, env, encoding: 'utf8' });
  const reporter = resolve('scripts/json-report.mjs');
  const first = node(
    'node_modules/vitest/vitest.mjs',
    'run',
    `--reporter=${reporter}`,
    '--outputFile.json=report.json',
  );
  const again = node(resolve('scripts/second-try.mjs'), 'report.json');
  const counts = node(resolve('scripts/test-counts.mjs'), 'report.json');
  return {
    first: first.status ?? -1,
    again: again.status ?? -1,
    said: again.stdout,
    counts: counts.stdout.trim(),
  };
}

describe('the second try of .ci/run', { timeout: 180_000 }, () => {
  it('support: a file that then passes is named with its first failure, and counts as passed', () => {
    const { first, again, said, counts } = run('once', {
      'passes.spec.mjs': PASSES,
      'unsteady.spec.mjs': unsteady(LATE),
    });
    expect([first, again, counts]).toEqual([1, 0, '3 passed, 0 failed, 1 skipped']);
    expect(said).toMatch(/^UNSTEADY: unsteady\.spec\.mjs: is late\n {2}It failed with: Error: too late\n/);
  });

  it('support: a file that fails twice fails the run, beside one that does not', () => {
    const { again, said, counts } = run('twice', {
      'fails.spec.mjs': FAILS,
      'unsteady.spec.mjs': unsteady(LATE),
    });
    expect([again, counts]).toEqual([1, '2 passed, 1 failed, 1 skipped']);
    expect(said.match(/^UNSTEADY: .*/gm)).toEqual(['UNSTEADY: unsteady.spec.mjs: is late']);
  });

  it('support: an error outside of any test is a failure of its file', () => {
    const { first, again, said, counts } = run('outside', {
      'unsteady.spec.mjs': unsteady(STRAY),
      'passes.spec.mjs': PASSES,
    });
    expect([first, again, counts]).toEqual([1, 0, '3 passed, 0 failed, 1 skipped']);
    expect(said).toMatch(/^UNSTEADY: unsteady\.spec\.mjs: an error outside of any test\n {2}It failed with: stray\n/);
  });

  it('support: a test that is skipped at its second run has not passed', () => {
    const { again, said, counts } = run('skipped', {
      'unsteady.spec.mjs': unsteady(LATE).replace("it('is late'", "it.runIf(isFirst)('is late'"),
    });
    expect([again, said, counts]).toEqual([1, '', '1 passed, 1 failed, 1 skipped']);
  });

  it('support: more than five files that failed are not run again', () => {
    const files = Array.from({ length: 6 }, (_none, index) => `unsteady${index}.spec.mjs`);
    const text = unsteady(LATE);
    const { again, said, counts } = run('many', Object.fromEntries(files.map((file) => [file, text])));
    expect([again, said, counts]).toEqual([1, '', '6 passed, 6 failed, 6 skipped']);
  });

  it('support: without a report there is no second try, and one failure', () => {
    const { first, again, said, counts } = run('none', {});
    expect([first, again, said]).toEqual([1, 1, '']);
    expect(counts).toBe('0 passed, 1 failed, 0 skipped');
  });
});
