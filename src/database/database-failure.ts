import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigurationError, type DatabaseConfiguration } from '../config/env.js';
import { fileErrorCode, refusedFileText } from '../config/refused-file.js';
import { isDatabaseUnavailable } from './database-unavailable.js';

const NAMES = 'SCOPEGATE_DATA_DIR or DATABASE_URL';

/** What the driver of SQLite says without a code. */
const REFUSED_FILE = /ConnectionFailed|database file|not a database|readonly|disk/i;

/** What MariaDB and MySQL say where the user of the database may not do something. */
const MISSING_RIGHTS = /^ER_(\w*ACCESS_DENIED|KILL_DENIED|OPTION_PREVENTS_STATEMENT|CANT_LOCK|READ_ONLY)\w*$/;

/**
 * Says in one line what is wrong with the database at the start, where it is up to the person who starts the server: a
 * file or a right. Every other error stays as it is.
 */
export function explainDatabaseFailure(error: unknown, database: DatabaseConfiguration): unknown {
  if (error instanceof ConfigurationError) return error;
  const cause = error instanceof Error && 'driverError' in error ? error.driverError : error;
  if (!(cause instanceof Error)) return error;
  const code = 'code' in cause ? String(cause.code) : '';
  if (database.kind === 'sqlite') {
    const isOfFile = fileErrorCode(cause) !== null || code.startsWith('SQLITE_') || REFUSED_FILE.test(cause.message);
    return isOfFile ? new ConfigurationError(sqliteText(database.file, cause, code)) : error;
  }
  const place = `The database "${database.database}" at ${database.host}:${database.port}`;
  if (MISSING_RIGHTS.test(code)) {
    return new ConfigurationError(
      `${place} refuses a statement (${code}: ${cause.message}). Give the user "${database.username}" all ` +
        'rights on it, and check whether the server is read-only.',
    );
  }
  if (!isDatabaseUnavailable(cause)) return error;
  return new ConfigurationError(
    `${place} cannot be used (${code || cause.message}). Check that the server is running.`,
  );
}

/**
 * Refuses a SQLite database that this process may read and not write: it would start, and store nothing.
 * @throws ConfigurationError in one line that names the file or folder
 */
export function requireWritable(database: DatabaseConfiguration): void {
  const refused = database.kind === 'sqlite' ? refusedPart(database.file) : null;
  if (refused !== null) throw new ConfigurationError(`${refused.text} Or set another one with ${NAMES}.`);
}

function sqliteText(file: string, cause: Error, code: string): string {
  if ('path' in cause && typeof cause.path === 'string') {
    return `${refusedFileText('The folder of the database', cause.path, cause)} Or set another one with ${NAMES}.`;
  }
  // SQLite says that something is refused, and the system says what.
  const refused = refusedPart(file);
  if (refused !== null) return `${refused.text} Or set another one with ${NAMES}.`;
  return (
    `The database "${file}" cannot be used (${code === '' ? cause.message : `${code}: ${cause.message}`}). ` +
    'Check that the disk has room, and that only the user that runs Scopegate can read the file and its ' +
    'folder.'
  );
}

/** The folder or file of a SQLite database that this process may not read and write; null where it may. */
function refusedPart(file: string): { readonly text: string } | null {
  const parts = [
    { what: 'The folder of the database', path: dirname(file), mode: constants.R_OK | constants.W_OK | constants.X_OK },
    ...['', '-wal', '-shm', '-migrations.lock']
      .map((end) => file + end)
      .filter((path) => existsSync(path))
      .map((path) => ({ what: 'The database file', path, mode: constants.R_OK | constants.W_OK })),
  ];
  for (const { what, path, mode } of parts) {
    try {
      accessSync(path, mode);
    } catch (error) {
      return { text: refusedFileText(what, path, error) };
    }
  }
  return null;
}
