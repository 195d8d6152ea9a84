import { TableIndex, type QueryRunner, type Table, type TableColumn, type TableIndexOptions } from 'typeorm';
import { dialectOf } from './dialect/index.js';

/**
 * The steps that migrations are made of (R83). A statement that changes tables cannot be taken back on MySQL and MariaDB,
 * so a migration that is killed in the middle stays half done, and runs again from its beginning at the next start. Each
 * step looks first whether it has been made. Migrations use these steps in place of the query runner's own, and their
 * statements that change rows give the same result a second time.
 */

/** Makes a table with its indexes, and has its texts compared byte by byte. */
export async function createTable(runner: QueryRunner, table: Table): Promise<void> {
  if (!(await runner.hasTable(table.name))) await runner.createTable(table);
  // The table may be there already without its collation: that is a statement of its own.
  await dialectOf(runner.dataSource).compareExactly(runner, [table.name]);
}

/** Drops a table and what is in it. */
export async function dropTable(runner: QueryRunner, name: string): Promise<void> {
  if (await runner.hasTable(name)) await runner.dropTable(name);
}

/** Adds a column. It must bring no index with it (`isUnique`, `isPrimary`): make that by a step of its own. */
export async function addColumn(runner: QueryRunner, table: string, column: TableColumn): Promise<void> {
  if (!(await runner.hasColumn(table, column.name))) await runner.addColumn(table, column);
}

/** Drops a column that no index uses. */
export async function dropColumn(runner: QueryRunner, table: string, name: string): Promise<void> {
  if (await runner.hasColumn(table, name)) await runner.dropColumn(table, name);
}

/** Makes an index. Its name tells whether it is there. */
export async function createIndex(
  runner: QueryRunner,
  table: string,
  index: TableIndexOptions & { readonly name: string },
): Promise<void> {
  if (!(await hasIndex(runner, table, index.name))) await runner.createIndex(table, new TableIndex(index));
}

/** Drops an index. */
export async function dropIndex(runner: QueryRunner, table: string, name: string): Promise<void> {
  if (await hasIndex(runner, table, name)) await runner.dropIndex(table, name);
}

function hasIndex(runner: QueryRunner, table: string, name: string): Promise<boolean> {
  return dialectOf(runner.dataSource).hasIndex(runner, table, name);
}
