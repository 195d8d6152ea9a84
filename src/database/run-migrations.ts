import { MigrationExecutor, type DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { ConfigurationError } from '../config/environment.reader.js';
import { dialectOf } from './dialect/index.js';

/** Another node may be running a migration of a large table. */
const LOCK_TIMEOUT_MS = 600_000;

/** The names of migrations. */
export interface SchemaState {
  readonly missing: readonly string[];
  /** Made by a newer version. */
  readonly unknown: readonly string[];
}

/**
 * Runs the missing migrations. Nodes that start at the same time do it one after the other, under a lock that ends with
 * its process.
 * @returns the names of the migrations that were run
 * @throws ConfigurationError if a newer version has changed the tables, or another node does not finish
 */
export function runMigrations(dataSource: DataSource): Promise<readonly string[]> {
  return withLock(dataSource, async (runner) => {
    // Another node may have migrated meanwhile, with a newer version.
    await refuseNewerSchema(runner);
    const done = await executor(dataSource, runner).executePendingMigrations();
    return done.map(({ name }) => name);
  });
}

/** Drops what only the newer version has. */
export function revertLastMigration(dataSource: DataSource): Promise<void> {
  return withLock(dataSource, async (runner) => {
    await refuseNewerSchema(runner);
    await executor(dataSource, runner).undoLastMigration();
  });
}

/** @throws ConfigurationError if a newer version has migrated the database: this one might judge its data wrongly */
export async function refuseNewerSchema(runner: QueryRunner): Promise<void> {
  // Before the first start, the list of migrations does not exist.
  if (!(await runner.hasTable(tableName(runner.dataSource)))) return;
  const { unknown } = await schemaState(runner.manager);
  if (unknown.length === 0) return;
  throw new ConfigurationError(
    'A newer version of Scopegate has migrated the database: this version does not know ' +
      `${unknown.join(', ')}. Start the newer version, or restore the backup from before the upgrade ` +
      '(docs/guides/operations.md, "Rollback"). Nothing was changed.',
  );
}

export async function schemaState(manager: EntityManager): Promise<SchemaState> {
  const { dataSource } = manager;
  const rows = await manager.query<{ readonly name: string }[]>(`SELECT name FROM ${tableName(dataSource)}`);
  const applied = rows.map(({ name }) => name);
  const known = dataSource.migrations.map((migration) => migration.name ?? migration.constructor.name);
  return {
    missing: known.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !known.includes(name)),
  };
}

function tableName(dataSource: DataSource): string {
  return dataSource.options.migrationsTableName ?? 'migrations';
}

function executor(dataSource: DataSource, runner: QueryRunner): MigrationExecutor {
  const made = new MigrationExecutor(dataSource, runner);
  made.transaction = dataSource.options.migrationsTransactionMode ?? 'each';
  return made;
}

async function withLock<Result>(
  dataSource: DataSource,
  work: (runner: QueryRunner) => Promise<Result>,
): Promise<Result> {
  const runner = dataSource.createQueryRunner();
  try {
    const release = await dialectOf(dataSource).lockMigrations(runner, LOCK_TIMEOUT_MS);
    if (release === null) throw stillBusy();
    try {
      return await work(runner);
    } finally {
      await release();
    }
  } finally {
    await runner.release();
  }
}

function stillBusy(): ConfigurationError {
  return new ConfigurationError(
    `Another node has been migrating the database for more than ${LOCK_TIMEOUT_MS / 60_000} minutes. Check ` +
      'whether it is still working (SHOW PROCESSLIST on MySQL and MariaDB), and start again when it has finished.',
  );
}
