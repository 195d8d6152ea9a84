import type { DataSource, EntityManager } from 'typeorm';

/** The name of the lock; it holds for the whole server, so it names the database as well. */
const LOCK_NAME = "CONCAT('scopegate-migrations-', DATABASE())";

/** A migration of a large table may take a while; another node waits for it. */
const LOCK_TIMEOUT_SECONDS = 600;

/** Brings the tables up to date. Nodes that start at the same time do it one after the other. */
export async function runMigrations(dataSource: DataSource): Promise<void> {
  if (dataSource.options.type === 'better-sqlite3') {
    await dataSource.runMigrations();
    return;
  }
  const runner = dataSource.createQueryRunner();
  try {
    const rows = (await runner.query(`SELECT GET_LOCK(${LOCK_NAME}, ${LOCK_TIMEOUT_SECONDS}) AS held`)) as {
      held: unknown;
    }[];
    if (Number(rows[0]?.held) !== 1) throw new Error('Another node is still bringing the tables up to date.');
    await dataSource.runMigrations();
    await runner.query(`DO RELEASE_LOCK(${LOCK_NAME})`);
  } finally {
    await runner.release();
  }
}

/** The migrations that this version knows and the database does not have. */
export async function missingMigrations(manager: EntityManager): Promise<readonly string[]> {
  const table = manager.dataSource.options.migrationsTableName ?? 'migrations';
  const rows = await manager.query<{ readonly name: string }[]>(`SELECT name FROM ${table}`);
  const applied = new Set(rows.map(({ name }) => name));
  return manager.dataSource.migrations
    .map((migration) => migration.name ?? migration.constructor.name)
    .filter((name) => !applied.has(name));
}
