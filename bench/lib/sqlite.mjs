// SQLite, as a gateway without DATABASE_URL has it: one file for each database, read here once its gateway has stopped.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { folder } from './processes.mjs';

const fileOf = (name) => join(folder, `${name}.sqlite`);

/** What a gateway and the check of its audit need of a database: the same as of MariaDB. */
export const SQLITE = {
  /** The address of a database of this name; the gateway makes the file. */
  urlOf: (name) => `sqlite:${fileOf(name)}`,

  /** The rows that a statement answers, each a list of texts. */
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
