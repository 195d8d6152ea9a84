import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of this test process alone. It is removed by `remove()`, or when the process ends without it. */
export type TemporaryFolder = {
  readonly path: string;
  remove(): Promise<void>;
};

// A test worker that is killed runs no exit handler. This program holds the reading end of a pipe whose writing end only
// the test process has, so the end of that process, in any manner, is an end of file here. The pause lets the servers die
// that write into the folder; they are killed at the same moment.
const REMOVAL = `trap '' INT TERM HUP
cat >/dev/null 2>&1
sleep 0.5
rm -rf -- "$1"`;

let root: string | undefined;

/**
 * Makes an empty folder under the system's temporary folder, with mode 0700.
 * @param purpose one lower-case word for the folder's name. It is short, because a Unix socket's path has a limit.
 */
export function createTemporaryFolder(purpose = 'test'): TemporaryFolder {
  root ??= createRoot();
  const path = mkdtempSync(join(root, `${purpose}-`));
  return {
    path,
    // A server that was just killed may still be writing its last file, so the removal is tried again for a while.
    remove: () => rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }),
  };
}

/** The one folder of this process that holds all others, and the program that removes it with the process. */
function createRoot(): string {
  const path = mkdtempSync(join(realpathSync(tmpdir()), 'scopegate-'));
  // Servers that run as another user pass through here to the folder that is theirs.
  chmodSync(path, 0o711);
  const removal = spawn('/bin/sh', ['-c', REMOVAL, 'removal', path], {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  removal.once('error', () => undefined);
  removal.stdin.once('error', () => undefined);
  removal.unref();
  // The pipe must not keep the test process alive. Node types a child's input as a stream, and it is a socket.
  (removal.stdin as unknown as { unref?: () => void }).unref?.();
  return path;
}
