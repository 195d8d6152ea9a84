import Database from 'libsql';

/** A file that only this process has until it releases it, or ends in any way. */
export interface FileLock {
  release(): void;
}

/**
 * Locks a file, and makes it if it is missing; null if another process has it. It is the lock that SQLite takes on its
 * databases. The operating system holds it: no process id or time can be mistaken, every container over the folder sees
 * it, and it ends with its holder. Nothing is written to the file.
 */
export function lockFile(path: string): FileLock | null {
  const database = new Database(path, { timeout: 0 });
  try {
    // Otherwise SQLite makes a second file, for which a full disk may have no room.
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
