import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { ConfigurationError } from '../../config/environment.reader.js';
import type { Dialect } from './dialect.js';
import { isMariaDb, ServerLanes } from './mysql-lanes.js';

/** Requests wait for a lock that lasts longer. */
const PROBE_LOCK_WAIT_SECONDS = 1;

/** A lock holds for the whole server, so its name includes the database. */
const MIGRATION_LOCK = "CONCAT('scopegate-migrations-', DATABASE())";

/** A node that disappears during a migration loses the lock after this time. */
const MIGRATION_IDLE_SECONDS = 60;

/**
 * Collations that compare byte by byte, trailing spaces included: MariaDB from 10.2, MySQL from 8.0.17. The
 * `utf8mb4_bin` of both ignores trailing spaces (PAD SPACE).
 */
const EXACT_COLLATIONS = ['utf8mb4_nopad_bin', 'utf8mb4_0900_bin'];

export const MYSQL: Dialect = {
  isEmbedded: false,
  nowMsSql: "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000)",
  integerType: 'int',
  rowLock: { lock: { mode: 'pessimistic_write' } },

  fileOf: () => null,
  openLanes: (dataSource) => new ServerLanes(dataSource),

  connectionIdOf(runner) {
    const { databaseConnection } = runner as unknown as { databaseConnection?: { threadId?: unknown } };
    const id = databaseConnection?.threadId;
    return typeof id === 'number' ? id : null;
  },

  /** Waits for a transaction that has written such a line and is open, so a line that is absent now stays absent. */
  async isStored(manager, changeSet, connectionId) {
    if (connectionId !== null) await endConnection(manager, connectionId);
    const rows: unknown[] = await manager.query(
      'SELECT 1 FROM change_log WHERE change_set = ? LIMIT 1 LOCK IN SHARE MODE',
      [changeSet],
    );
    return rows.length > 0;
  },

  async writeNothing(manager) {
    await manager.query(updateOfNothing(manager.dataSource));
  },

  // MariaDB would otherwise use another index for a frequent value, and read every row for each page.
  indexHint: (index) => ` FORCE INDEX (${index})`,

  addWhereKnown: (_key, numbers) =>
    ` ON DUPLICATE KEY UPDATE ${numbers.map((name) => `${name} = ${name} + VALUES(${name})`).join(', ')}`,

  async hasIndex(runner, table, index) {
    const rows = (await runner.query(
      `SELECT 1 FROM information_schema.STATISTICS
         WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND INDEX_NAME = ? LIMIT 1`,
      [table, index],
    )) as readonly unknown[];
    return rows.length > 0;
  },

  async compareExactly(runner, tables) {
    const collation = await exactCollation(runner);
    for (const table of tables ?? (await tablesOf(runner))) {
      // Each conversion writes the whole table anew.
      if (await isCollated(runner, table, collation)) continue;
      await runner.query(`ALTER TABLE \`${table}\` CONVERT TO CHARACTER SET utf8mb4 COLLATE ${collation}`);
    }
  },

  async lockMigrations(runner, timeoutMs) {
    const rows = (await runner.query(`SELECT GET_LOCK(${MIGRATION_LOCK}, ${timeoutMs / 1000}) AS held`)) as readonly {
      readonly held: unknown;
    }[];
    if (Number(rows[0]?.held) !== 1) return null;
    await runner.query(`SET SESSION wait_timeout = ${MIGRATION_IDLE_SECONDS}`);
    return async () => {
      // A lost connection has released the lock already, and its error is the one to report.
      await runner.query(`DO RELEASE_LOCK(${MIGRATION_LOCK})`).catch(() => undefined);
      await runner.query('SET SESSION wait_timeout = DEFAULT').catch(() => undefined);
    };
  },
};

/**
 * Only when its connection ends is a transaction rolled back whose COMMIT never arrived. This needs no privilege; if it
 * fails, the transaction ends by its time limit.
 */
async function endConnection(manager: EntityManager, connectionId: number): Promise<void> {
  try {
    // A server that has taken over numbers its connections anew.
    const rows: { id: unknown }[] = await manager.query(
      `SELECT ID AS id FROM information_schema.PROCESSLIST
         WHERE ID = ? AND USER = SUBSTRING_INDEX(USER(), '@', 1) AND DB = DATABASE()`,
      [connectionId],
    );
    if (rows.length > 0) await manager.query(`KILL CONNECTION ${connectionId}`);
  } catch {
    // The connection has ended by itself, or this user may not end it.
  }
}

/** It needs the same rights and locks as an UPDATE that matches rows. */
function updateOfNothing(dataSource: DataSource): string {
  const tables = dataSource.entityMetadatas.map(({ tableName, primaryColumns }) => ({
    table: `\`${tableName}\``,
    column: `\`${tableName}\`.\`${primaryColumns[0]?.databaseName ?? 'id'}\``,
  }));
  const [before, hint] = isMariaDb(dataSource)
    ? [`SET STATEMENT lock_wait_timeout = ${PROBE_LOCK_WAIT_SECONDS} FOR `, '']
    : ['', `/*+ SET_VAR(lock_wait_timeout = ${PROBE_LOCK_WAIT_SECONDS}) */ `];
  return (
    `${before}UPDATE ${hint}${tables.map(({ table }) => table).join(', ')} ` +
    `SET ${tables.map(({ column }) => `${column} = ${column}`).join(', ')} WHERE 1 = 0`
  );
}

/** @throws ConfigurationError if the server has no collation that compares byte by byte */
async function exactCollation(runner: QueryRunner): Promise<string> {
  const rows = (await runner.query(
    `SELECT COLLATION_NAME AS name FROM information_schema.COLLATIONS WHERE COLLATION_NAME IN (?, ?)`,
    EXACT_COLLATIONS,
  )) as readonly { readonly name: string }[];
  const collation = EXACT_COLLATIONS.find((name) => rows.some((row) => row.name === name));
  if (collation !== undefined) return collation;
  throw new ConfigurationError(
    'The database server cannot compare texts byte by byte. Use MariaDB 10.2, MySQL 8.0.17 or newer.',
  );
}

/** Every table, except the list of migrations. */
async function tablesOf(runner: QueryRunner): Promise<readonly string[]> {
  const rows = (await runner.query(
    "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'",
  )) as readonly { readonly name: string }[];
  const { migrationsTableName } = runner.dataSource.options;
  return rows.map(({ name }) => name).filter((name) => name !== migrationsTableName);
}

async function isCollated(runner: QueryRunner, table: string, collation: string): Promise<boolean> {
  const rows = (await runner.query(
    `SELECT TABLE_COLLATION AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?
     UNION SELECT COLLATION_NAME FROM information_schema.COLUMNS
       WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND COLLATION_NAME IS NOT NULL`,
    [table, table],
  )) as readonly { readonly name: string }[];
  return rows.length === 1 && rows[0]?.name === collation;
}
