import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram, runSuccessfully } from '../support/client-program.js';
import { packNestPackage } from '../support/nest-example.js';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

const PROJECT = resolve(import.meta.dirname, '../..');

const bin = (name: string): string => join(PROJECT, 'node_modules/.bin', name);

let folder: TemporaryFolder;
let tarball: string;

beforeAll(async () => {
  folder = createTemporaryFolder('nest-package');
  tarball = await packNestPackage(folder.path);
});

afterAll(() => folder.remove());

describe('the packed package', () => {
  it('has what it is built into, and nothing else', async () => {
    const listed = await runSuccessfully('tar', ['-tzf', tarball], { cwd: folder.path });
    const names = listed.trim().split('\n');
    expect(
      names.filter(
        (name) => !/^package\/(?:dist\/[a-z.-]+\.(?:js|d\.ts)|package\.json|README\.md|LICENSE)$/.test(name),
      ),
    ).toEqual([]);
    expect(names).toContain('package/dist/index.d.ts');
    expect(names.join()).not.toContain('.spec.');
  });

  it('depends on nothing but the Nest of the application', async () => {
    await runSuccessfully('tar', ['-xzf', tarball], { cwd: folder.path });
    const read = JSON.parse(readFileSync(join(folder.path, 'package/package.json'), 'utf8')) as Record<string, unknown>;
    expect(read['dependencies']).toBeUndefined();
    expect(read['peerDependencies']).toMatchObject({ '@nestjs/common': '^11.0.0 || ^12.0.0' });
  });

  it('has nothing that publint finds', async () => {
    const { exitCode, standardOutput } = await runProgram(bin('publint'), ['run', tarball, '--strict'], {
      cwd: folder.path,
      env: { NO_COLOR: '1' },
    });
    expect(standardOutput).toContain('All good!');
    expect(exitCode).toBe(0);
  });

  it('has types that fit, for each kind of import', async () => {
    // `require` of an ES module works in each version of Node that the package allows.
    const { exitCode, standardOutput } = await runProgram(
      bin('attw'),
      [tarball, '--ignore-rules', 'cjs-resolves-to-esm', '--no-emoji', '--format', 'ascii'],
      { cwd: folder.path, env: { NO_COLOR: '1' } },
    );
    expect(standardOutput).toContain('No problems found');
    expect(exitCode).toBe(0);
  });

  it('loads with require and with import, as the same classes', async () => {
    const script =
      "const required = require('@scopegate/nest'); " +
      "import('@scopegate/nest').then((imported) => console.log(required.ScopegateGuard === imported.ScopegateGuard));";
    const printed = await runSuccessfully(process.execPath, ['-e', script], { cwd: PROJECT });
    expect(printed.trim()).toBe('true');
  });
});
