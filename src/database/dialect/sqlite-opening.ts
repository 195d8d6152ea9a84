import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import libsql from 'libsql';
import type { DatabaseConfiguration } from '../../config/database-configuration.js';
import { ConfigurationError } from '../../config/environment.reader.js';
import { fileErrorCode, refusedFileText } from '../../config/refused-file.js';
import type { DatabaseOpening } from './dialect.js';

export const SQLITE_BUSY_TIMEOUT_MS = 1_000;

const REFUSED_FILE = /ConnectionFailed|database file|not a database|readonly|disk/i;

const OTHER_PLACE = 'Or set another one with SCOPEGATE_DATA_DIR or DATABASE_URL.';

export function openingOfSqlite({ file }: DatabaseConfiguration & { readonly kind: 'sqlite' }): DatabaseOpening {
  return {
    options(common) {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      return Promise.resolve({
        ...common,
        type: 'better-sqlite3',
        database: file,
        driver: libsql,
        enableWAL: true,
        prepareDatabase: (connection: { pragma(text: string): unknown }) => {
          connection.pragma(`busy_timeout = ${SQLITE_BUSY_TIMEOUT_MS}`);
          connection.pragma('synchronous = NORMAL');
        },
      });
    },

    requireWritable() {
      const refused = refusedPart(file);
      if (refused !== null) throw new ConfigurationError(`${refused} ${OTHER_PLACE}`);
    },

    failureText(cause, code) {
      const isOfFile = fileErrorCode(cause) !== null || code.startsWith('SQLITE_') || REFUSED_FILE.test(cause.message);
      if (!isOfFile) return null;
      if ('path' in cause && typeof cause.path === 'string') {
        return `${refusedFileText('The folder of the database', cause.path, cause)} ${OTHER_PLACE}`;
      }
      // SQLite reports that something is refused, but not what: check the file and its folder.
      const refused = refusedPart(file);
      if (refused !== null) return `${refused} ${OTHER_PLACE}`;
      return (
        `The database "${file}" cannot be used (${code === '' ? cause.message : `${code}: ${cause.message}`}). Check ` +
        'that the disk has room, and that only the user that runs Scopegate can read the file and its folder.'
      );
    },
  };
}

/** Null if this process may read and write the database. */
function refusedPart(file: string): string | null {
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
      return refusedFileText(what, path, error);
    }
  }
  return null;
}
