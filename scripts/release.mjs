// npm run release <version>: turns the "Unreleased" of the changelog into a section of the version, sets the version of
// the packages and of the API document, and commits and tags that. Nothing is pushed.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(import.meta.dirname, '..');
const UNRELEASED = '## [Unreleased]\n';

const GUARD = '@scopegate/nest';

/** The texts before the version of the guard's package, which has that of Scopegate: its own, and those that use it. */
const VERSION_OF_GUARD = {
  'packages/nest/package.json': [`"name": "${GUARD}",\n  "version": "`],
  'package-lock.json': [`"name": "${GUARD}",\n      "version": "`, `"${GUARD}": "`],
  'docs/guides/nest.md': ['scopegate-nest-'],
  ...Object.fromEntries(examples().map((folder) => [`${folder}/package.json`, [`"${GUARD}": "`]])),
};

/**
 * The changelog with what is unreleased under a version.
 * @param {string} changelog
 * @param {string} version
 * @param {string} date as 2026-01-31
 * @returns {string}
 * @throws where nothing is unreleased, or the version is there already
 */
export function withRelease(changelog, version, date) {
  const [before, after] = changelog.split(UNRELEASED);
  if (after === undefined) throw new Error(`CHANGELOG.md has no line "${UNRELEASED.trim()}".`);
  if (changelog.includes(`\n## [${version}]`)) throw new Error(`CHANGELOG.md has a section of ${version} already.`);
  if (after.split('\n## ')[0].trim() === '') throw new Error('Nothing is unreleased.');
  return `${before}${UNRELEASED}\n## [${version}] - ${date}\n${after}`;
}

/**
 * @param {string} text
 * @param {string} before the text in front of the old version
 * @param {string} from
 * @param {string} to
 * @returns {string}
 * @throws where the old version is not there
 */
function withVersion(text, before, from, to) {
  if (!text.includes(before + from)) throw new Error(`There is no ${JSON.stringify(before + from)} to replace.`);
  return text.replaceAll(before + from, before + to);
}

function moveGuard(from, to) {
  for (const [path, places] of Object.entries(VERSION_OF_GUARD)) {
    const file = join(root, path);
    const moved = places.reduce((text, before) => withVersion(text, before, from, to), readFileSync(file, 'utf8'));
    writeFileSync(file, moved);
  }
}

function manifest() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
}

function examples() {
  return manifest().workspaces.filter((folder) => folder.startsWith('examples/'));
}

function run(program, ...args) {
  return execFileSync(program, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

function release(version) {
  if (!/^\d+\.\d+\.\d+$/.test(version ?? '')) throw new Error('Usage: npm run release <version>, such as 1.2.0');
  if (run('git', 'status', '--porcelain') !== '') throw new Error('The tree has changes. Commit them first.');
  const file = join(root, 'CHANGELOG.md');
  writeFileSync(file, withRelease(readFileSync(file, 'utf8'), version, new Date().toISOString().slice(0, 10)));
  moveGuard(manifest().version, version);
  run('npm', 'version', version, '--no-git-tag-version');
  run('npm', 'run', 'openapi');
  run('git', 'commit', '--all', '--message', `chore(release): ${version}`);
  run('git', 'tag', '--annotate', `v${version}`, '--message', `Scopegate ${version}`);
  process.stdout.write(`Tagged v${version}. Push it with: git push --follow-tags\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    release(process.argv[2]);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
