import Database from 'libsql';

/** A file that is this process's alone until it is released, or until the process ends in whatever way. */
export interface FileLock {
  release(): void;
}

/**
 * Locks a file, which is made where there is none; null where somebody else has it. It is the lock that SQLite takes on
 * its databases: the operating system holds it, so it needs no number or time of a process that could be mistaken, is
 * seen from every container over the folder, and is gone with its holder. Nothing is written to the file.
 */
export function lockFile(path: string): FileLock | null {
  const database = new Database(path, { timeout: 0 });
  try {
    // Else a second file is made, which a full disk may not take.
    database.exec('PRAGMA journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY')) return null;
    throw error;
  }
  return {
    release: () => {
      database.exec('ROLLBACK');
      database.close();
    },
  };
}
