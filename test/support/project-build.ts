import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';

const PROJECT = resolve(import.meta.dirname, '../..');
const SOURCES = ['src', 'libs', 'demo', 'ormconfig.ts', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json'];
const LOCK = join(PROJECT, 'node_modules', '.cache', 'scopegate-test-build.lock');
const LOCK_TIME_LIMIT_MS = 300_000;

/** The program that `npm start` runs. */
export const SERVER_PROGRAM = join(PROJECT, 'dist', 'src', 'main.js');

/** The modules of the server, built. */
export const BUILT_SOURCES = join(PROJECT, 'dist', 'src');

/** The program that `npm run demo` runs. */
export const DEMO_PROGRAM = join(PROJECT, 'dist', 'demo', 'demo.js');

/**
 * Builds the project if `dist` is missing or older than the sources. Several processes may call this at once: one builds,
 * and the others wait for it.
 * @throws Error with the output of the build when it fails
 */
export async function ensureBuilt(): Promise<void> {
  if (isBuilt()) {
    return;
  }
  const unlock = await lock();
  try {
    // Somebody else may have built while this process was waiting.
    if (!isBuilt()) {
      await build();
    }
  } finally {
    unlock();
  }
}

// A build writes every file anew, so the time of one of them is the time of the build.
function isBuilt(): boolean {
  const built = statSync(SERVER_PROGRAM, { throwIfNoEntry: false })?.mtimeMs;
  return built !== undefined && SOURCES.every((source) => newestChange(join(PROJECT, source)) <= built);
}

/** The time of the last change of a file, or of the source files in a folder, in epoch milliseconds; 0 for neither. */
function newestChange(path: string): number {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) {
    return 0;
  }
  if (!status.isDirectory()) {
    return status.mtimeMs;
  }
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.spec.ts'))
    .reduce((newest, entry) => Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs), 0);
}

function build(): Promise<void> {
  return new Promise((resolveBuild, reject) => {
    const child = spawn('npm', ['run', '--silent', 'build'], { cwd: PROJECT, stdio: ['ignore', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
    child.once('error', reject);
    child.once('close', (exitCode) => {
      if (exitCode === 0) {
        resolveBuild();
      } else {
        reject(new Error(`npm run build ended with ${exitCode}:\n${Buffer.concat(output).toString('utf8')}`));
      }
    });
  });
}

/** Takes the lock file, waiting for its holder. The lock of a process that is no more counts as free. */
async function lock(): Promise<() => void> {
  mkdirSync(join(LOCK, '..'), { recursive: true });
  const deadline = Date.now() + LOCK_TIME_LIMIT_MS;
  for (;;) {
    try {
      const file = openSync(LOCK, 'wx');
      writeSync(file, String(process.pid));
      closeSync(file);
      return () => rmSync(LOCK, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
        throw error;
      }
    }
    if (!isHolderAlive()) {
      rmSync(LOCK, { force: true });
    } else if (Date.now() > deadline) {
      throw new Error(`${LOCK} was not released.`);
    } else {
      await new Promise((resolveWait) => setTimeout(resolveWait, 200));
    }
  }
}

function isHolderAlive(): boolean {
  try {
    const holder = Number(readFileSync(LOCK, 'utf8'));
    if (holder > 0) {
      process.kill(holder, 0);
    }
    return true;
  } catch (error) {
    // A lock that is gone is free as well; a process that may not be signalled is alive.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
