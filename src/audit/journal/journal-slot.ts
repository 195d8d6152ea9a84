import { randomUUID } from 'node:crypto';
import { accessSync, constants, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from '../../config/environment.reader.js';
import { lockFile } from '../../database/file-lock.js';

export interface JournalSlot {
  readonly directory: string;
  /** The name of this journal's chain, stored in the folder. */
  readonly nodeId: string;
  release(): void;
}

const LOCK_FILE = 'lock';
const NODE_FILE = 'node-id';

/** Several servers may use one data directory. @throws ConfigurationError if no folder can be written */
export function takeSlot(journalDirectory: string): JournalSlot {
  return inFolder(journalDirectory, () => {
    for (let number = 0; ; number += 1) {
      const slot = tryTake(join(journalDirectory, String(number)));
      if (slot !== null) return slot;
    }
  });
}

/** Takes all other free folders, so that what is left in them can be shipped. */
export function takeAbandonedSlots(journalDirectory: string): JournalSlot[] {
  return inFolder(journalDirectory, () =>
    readdirSync(journalDirectory)
      .filter((name) => /^\d+$/.test(name))
      .map((name) => tryTake(join(journalDirectory, name)))
      .filter((slot) => slot !== null),
  );
}

/** @throws ConfigurationError if the folder cannot be used */
function inFolder<Result>(journalDirectory: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw new ConfigurationError(
      `The audit journal cannot be kept in ${journalDirectory}: ` +
        `${error instanceof Error ? error.message : String(error)}. Check that this user can write to the folder ` +
        'SCOPEGATE_DATA_DIR and everything in it, and that the disk has room.',
    );
  }
}

function tryTake(directory: string): JournalSlot | null {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // Existing files might be writable although no new file can be created.
  accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  const lock = lockFile(join(directory, LOCK_FILE));
  if (lock === null) return null;
  return { directory, nodeId: nodeIdOf(directory), release: () => lock.release() };
}

/** Makes a new name if a crash or a full disk has left the file incomplete. */
function nodeIdOf(directory: string): string {
  const file = join(directory, NODE_FILE);
  const kept = readIfThere(file);
  if (kept !== null && /^[0-9a-f-]{36}$/.test(kept)) return kept;
  const nodeId = randomUUID();
  const unfinished = `${file}.new`;
  writeFileSync(unfinished, nodeId, { mode: 0o600 });
  renameSync(unfinished, file);
  return nodeId;
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
