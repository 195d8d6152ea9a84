// SQLite, the default of a gateway: one file for each database, read here after its gateway has stopped.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { folder } from './processes.mjs';

const fileOf = (name) => join(folder, `${name}.sqlite`);

/** The same functions as for MariaDB. */
export const SQLITE = {
  /** The address of a database of this name. The gateway creates the file. */
  urlOf: (name) => `sqlite:${fileOf(name)}`,

  /** The rows of a statement, each a list of texts. */
  query: (name, sql) => {
    const database = new Database(fileOf(name));
    try {
      return database
        .prepare(sql)
        .raw()
        .all()
        .map((row) => row.map(String));
    } finally {
      database.close();
    }
  },

  drop: (name) => {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${fileOf(name)}${suffix}`, { force: true });
  },
};
