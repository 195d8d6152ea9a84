// Builds dist/, anew only what has changed. With --when-needed only if the sources changed since the last build; several may be started at once.
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

const root = resolve(import.meta.dirname, '..');
const stampFile = join(root, 'dist', '.sources');
const lockFile = join(root, 'node_modules', '.scopegate-build.lock');
const nest = join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
const SOURCES = [
  'src',
  'libs',
  'demo',
  'ormconfig.ts',
  'nest-cli.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'package-lock.json',
];

/** A digest of every source file's name, size and content. */
function stampOf() {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    const path = join(root, source);
    const files = statSync(path).isDirectory()
      ? readdirSync(path, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile() && !entry.name.endsWith('.spec.ts'))
          .map((entry) => join(entry.parentPath, entry.name))
          .sort()
      : [path];
    for (const file of files) hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

function hasSources() {
  return SOURCES.every((source) => existsSync(join(root, source)));
}

/** Whether there is something to build, and something to build it with. */
function canBuild() {
  return existsSync(nest) && hasSources();
}

function isBuilt() {
  return existsSync(join(root, 'dist', 'src', 'main.js'));
}

function isUpToDate() {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stampOf();
}

/** Removes what was built from sources that are gone: the compiler leaves it. */
function removeLeftovers() {
  const dist = join(root, 'dist');
  for (const name of readdirSync(dist, { recursive: true })) {
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

const whenNeeded = process.argv.includes('--when-needed');
if (!canBuild()) {
  if (!isBuilt()) {
    process.stderr.write('dist/ is missing, and so is what it is built with. Run "npm ci" and then "npm run build".\n');
    process.exitCode = 1;
  } else if (!whenNeeded) {
    process.stderr.write('What dist/ is built with is missing. Run "npm ci" first; dist/ stays as it is.\n');
    process.exitCode = 1;
  } else if (hasSources() && !isUpToDate()) {
    process.stderr.write('The sources have changed since dist/ was built. Run "npm ci" and then "npm run build".\n');
  }
} else if (!(whenNeeded && isUpToDate())) {
  await lock();
  try {
    if (!(whenNeeded && isUpToDate())) {
      const stamp = stampOf();
      rmSync(stampFile, { force: true });
      const built = spawnSync(process.execPath, [nest, 'build', '-p', 'tsconfig.build.json'], {
        cwd: root,
        stdio: ['ignore', 2, 2],
      });
      if (built.status !== 0) {
        process.stderr.write('The build failed.\n');
        process.exitCode = 1;
      } else {
        removeLeftovers();
        writeFileSync(stampFile, stamp);
      }
    }
  } finally {
    rmSync(lockFile, { force: true });
  }
}
