import Database from 'libsql';

export interface FileLock {
  release(): void;
}

/**
 * Locks a file, and makes it if it is missing; returns null if another process has it. It is SQLite's lock, which the
 * operating system holds: it works across containers and ends with its process. Nothing is written.
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
