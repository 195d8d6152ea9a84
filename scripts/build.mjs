// Builds dist/, the server and the console, anew only what has changed. With --when-needed only if the sources changed since the last build; several may be started at once.
// Without the packages of development (npm ci --omit=dev), or without the sources, it leaves a dist/ that is there.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { writeConsoleTypes } from './console-types.mjs';

const root = resolve(import.meta.dirname, '..');
const dist = join(root, 'dist');
const lockFile = join(root, 'node_modules', '.scopegate-build.lock');
const nest = join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');

/** What is built, each from its sources by its tool. `entry` is there once it has been built. */
const TARGETS = [
  {
    sources: [
      'src',
      'libs',
      'demo',
      'ormconfig.ts',
      'nest-cli.json',
      'tsconfig.json',
      'tsconfig.build.json',
      'package-lock.json',
    ],
    tool: nest,
    entry: join(dist, 'src', 'main.js'),
    stampFile: join(dist, '.sources'),
    build: buildServer,
  },
  {
    sources: ['console', 'libs/access/login-problem.ts', 'docs/openapi.json', 'tsconfig.json', 'package-lock.json'],
    tool: vite,
    entry: join(dist, 'console', 'index.html'),
    stampFile: join(dist, 'console', '.sources'),
    build: buildConsole,
  },
];

/** Made by the build itself. */
const GENERATED = /[\\/]console[\\/]src[\\/]api[\\/]schema\.ts$/;

/** A digest of every source file's name, size and content. */
function stampOf({ sources }) {
  const hash = createHash('sha256');
  for (const source of sources) {
    const path = join(root, source);
    const files = statSync(path).isDirectory()
      ? readdirSync(path, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile() && !entry.name.endsWith('.spec.ts'))
          .map((entry) => join(entry.parentPath, entry.name))
          .filter((file) => !GENERATED.test(file))
          .sort()
      : [path];
    for (const file of files) hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

function hasSources({ sources }) {
  return sources.every((source) => existsSync(join(root, source)));
}

/** Whether there is something to build, and something to build it with. */
function canBuild(target) {
  return existsSync(target.tool) && hasSources(target);
}

function isBuilt({ entry }) {
  return existsSync(entry);
}

function isUpToDate(target) {
  return existsSync(target.stampFile) && readFileSync(target.stampFile, 'utf8') === stampOf(target);
}

/** @returns whether it went well */
function run(tool, ...options) {
  // React has another, much larger build for every other value, such as that of a test run.
  const env = { ...process.env, NODE_ENV: 'production' };
  const { status } = spawnSync(process.execPath, [tool, ...options], { cwd: root, stdio: ['ignore', 2, 2], env });
  return status === 0;
}

function buildServer() {
  if (!run(nest, 'build', '-p', 'tsconfig.build.json')) return false;
  removeLeftovers();
  return true;
}

async function buildConsole() {
  await writeConsoleTypes();
  if (!run(vite, 'build', '--config', join('console', 'vite.config.ts'), '--logLevel', 'warn')) return false;
  const assets = join(dist, 'console', 'assets');
  for (const name of readdirSync(assets)) {
    const content = readFileSync(join(assets, name));
    writeFileSync(join(assets, `${name}.gz`), gzipSync(content, { level: 9 }));
    writeFileSync(join(assets, `${name}.br`), brotliCompressSync(content));
  }
  return true;
}

/** Removes what was built from sources that are gone: the compiler leaves it. */
function removeLeftovers() {
  for (const name of readdirSync(dist, { recursive: true })) {
    if (/^console[\\/]/.test(name)) continue;
    const source = /^(.*)\.js(?:\.map)?$/.exec(name)?.[1];
    if (source !== undefined && !existsSync(join(root, `${source}.ts`))) rmSync(join(dist, name), { force: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

async function lock() {
  for (;;) {
    try {
      const file = openSync(lockFile, 'wx');
      writeSync(file, String(process.pid));
      closeSync(file);
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    let holder = '';
    try {
      holder = readFileSync(lockFile, 'utf8');
    } catch {
      continue;
    }
    // The holder writes its pid right after it made the file; one that is gone has left the lock behind.
    if (holder !== '' && !isAlive(Number(holder))) rmSync(lockFile, { force: true });
    else await wait(100);
  }
}

/** @returns whether it went well */
async function buildAnew(target) {
  const stamp = stampOf(target);
  rmSync(target.stampFile, { force: true });
  if (await target.build()) {
    writeFileSync(target.stampFile, stamp);
    return true;
  }
  process.stderr.write('The build failed.\n');
  return false;
}

const whenNeeded = process.argv.includes('--when-needed');
const isWanted = (target) => !(whenNeeded && isUpToDate(target));
if (!TARGETS.every(canBuild)) {
  if (!TARGETS.every(isBuilt)) {
    process.stderr.write('dist/ is missing, and so is what it is built with. Run "npm ci" and then "npm run build".\n');
    process.exitCode = 1;
  } else if (!whenNeeded) {
    process.stderr.write('What dist/ is built with is missing. Run "npm ci" first; dist/ stays as it is.\n');
    process.exitCode = 1;
  } else if (TARGETS.every(hasSources) && !TARGETS.every(isUpToDate)) {
    process.stderr.write('The sources have changed since dist/ was built. Run "npm ci" and then "npm run build".\n');
  }
} else if (TARGETS.some(isWanted)) {
  await lock();
  try {
    for (const target of TARGETS) if (isWanted(target) && !(await buildAnew(target))) process.exitCode = 1;
  } finally {
    rmSync(lockFile, { force: true });
  }
}
