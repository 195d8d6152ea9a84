import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';

const PROJECT = resolve(import.meta.dirname, '../..');

/** The modules of the server, built. */
export const BUILT_SOURCES = join(PROJECT, 'dist', 'src');

/** The program that `npm start` runs. */
export const SERVER_PROGRAM = join(BUILT_SOURCES, 'main.js');

/** The program that `npm run demo` runs. */
export const DEMO_PROGRAM = join(PROJECT, 'dist', 'demo', 'demo.js');

let building: Promise<void> | null = null;

/**
 * Builds the project if `dist` is missing or was built from other sources. Several processes may call this at once: one
 * builds, and the others wait for it.
 * @throws Error with the output of the build when it fails
 */
export function ensureBuilt(): Promise<void> {
  return (building ??= build());
}

function build(): Promise<void> {
  return new Promise((resolveBuild, reject) => {
    const program = join(PROJECT, 'scripts', 'build.mjs');
    const child = spawn(process.execPath, [program, '--when-needed'], { stdio: ['ignore', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
    child.once('error', reject);
    child.once('close', (exitCode) => {
      if (exitCode === 0) resolveBuild();
      else reject(new Error(`The build ended with ${exitCode}:\n${Buffer.concat(output).toString('utf8')}`));
    });
  });
}
