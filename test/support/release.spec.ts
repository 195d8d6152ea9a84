import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createTemporaryFolder } from './temporary-folder.js';

const PROJECT = resolve(import.meta.dirname, '../..');

const folder = createTemporaryFolder('release');

afterAll(() => folder.remove());

interface Manifest {
  readonly version: string;
  readonly workspaces: readonly string[];
  readonly scripts: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as Manifest;

const files = [
  'package.json',
  'package-lock.json',
  'docs/guides/nest.md',
  'scripts/release.mjs',
  ...manifest.workspaces.map((workspace) => `${workspace}/package.json`),
];

const read = (path: string): string => readFileSync(join(folder.path, path), 'utf8');

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder.path, path)), { recursive: true });
  writeFileSync(join(folder.path, path), text);
}

function run(program: string, ...args: readonly string[]): string {
  const author = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@test.example' };
  const committer = { GIT_COMMITTER_NAME: 'c', GIT_COMMITTER_EMAIL: 'c@test.example' };
  return execFileSync(program, args, {
    cwd: folder.path,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: folder.path, NPM_CONFIG_UPDATE_NOTIFIER: 'false', ...author, ...committer },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

describe('a release', () => {
  it('R89: moves the version of the guard’s package, and of all that names it, with that of Scopegate', () => {
    for (const path of files) {
      mkdirSync(dirname(join(folder.path, path)), { recursive: true });
      cpSync(join(PROJECT, path), join(folder.path, path));
    }
    // The API document needs a build; its own test compares its version.
    const scripts = { openapi: 'node --version' };
    write('package.json', `${JSON.stringify({ ...manifest, scripts }, null, 2)}\n`);
    write('CHANGELOG.md', '# Changelog\n\n## [Unreleased]\n\n- A change.\n');
    // The home of npm.
    write('.gitignore', '.npm\n');
    run('git', 'init', '--quiet');
    run('git', 'add', '--all');
    run('git', 'commit', '--quiet', '--message', 'all');

    run('node', 'scripts/release.mjs', '987.6.5');
    expect(run('git', 'status', '--porcelain')).toBe('');
    expect(run('git', 'tag').trim()).toBe('v987.6.5');
    expect(read('CHANGELOG.md')).toContain('## [987.6.5] - ');
    const old = manifest.version.replaceAll('.', '\\.');
    for (const path of files) {
      expect(read(path), path).not.toMatch(new RegExp(`scopegate[^\\n]{0,40}${old}\\b`));
    }
    expect(JSON.parse(read('package.json'))).toMatchObject({ version: '987.6.5' });
    expect(JSON.parse(read('packages/nest/package.json'))).toMatchObject({ version: '987.6.5' });
    expect(JSON.parse(read('package-lock.json'))).toMatchObject({
      version: '987.6.5',
      packages: { '': { version: '987.6.5' }, 'packages/nest': { version: '987.6.5' } },
    });
    for (const workspace of manifest.workspaces.filter((path) => path.startsWith('examples/'))) {
      expect(JSON.parse(read(`${workspace}/package.json`)), workspace).toMatchObject({
        dependencies: { '@scopegate/nest': '987.6.5' },
      });
    }
  });
});
