import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { ChangeEntity } from '../change.entity.js';
import { lockFile } from '../file-lock.js';
import type { Dialect } from './dialect.js';
import { sqliteOptions, SqliteLanes } from './sqlite-lanes.js';
import { SQLITE_BUSY_TIMEOUT_MS } from './sqlite-opening.js';

/** The probe waits in the thread of the requests. */
const PROBE_LOCK_WAIT_MS = 250;

const FILE_LOCK_POLL_MS = 50;

const NOTHING = Promise.resolve();

export const SQLITE: Dialect = {
  isEmbedded: true,
  nowMsSql: "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
  // A rising key must be an INTEGER; TypeORM uses this name for every whole number.
  integerType: 'integer',
  // SQLite has no such lock and needs none: units of work take turns.
  rowLock: {},

  fileOf: databaseFile,
  openLanes: (dataSource) => new SqliteLanes(dataSource),
  connectionIdOf: () => null,
  isStored: (manager, changeSet) => manager.existsBy(ChangeEntity, { changeSet }),

  async writeNothing(manager) {
    await manager.query(`PRAGMA busy_timeout = ${PROBE_LOCK_WAIT_MS}`);
    try {
      await manager.query('UPDATE nodes SET id = id WHERE 1 = 0');
    } finally {
      await manager.query(`PRAGMA busy_timeout = ${SQLITE_BUSY_TIMEOUT_MS}`);
    }
  },

  indexHint: () => '',

  addWhereKnown: (key, numbers) =>
    ` ON CONFLICT (${key}) DO UPDATE SET ${numbers.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`,

  async hasIndex(runner, table, index) {
    const rows = (await runner.query("SELECT 1 FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND name = ?", [
      table,
      index,
    ])) as readonly unknown[];
    return rows.length > 0;
  },

  compareExactly: () => NOTHING,

  async lockMigrations({ dataSource }, timeoutMs) {
    const endTick = performance.now() + timeoutMs;
    for (;;) {
      const lock = lockFile(`${databaseFile(dataSource)}-migrations.lock`);
      if (lock !== null) {
        return () => {
          lock.release();
          return NOTHING;
        };
      }
      if (performance.now() > endTick) return null;
      await sleep(FILE_LOCK_POLL_MS);
    }
  },
};

function databaseFile(dataSource: DataSource): string {
  return sqliteOptions(dataSource).database;
}
