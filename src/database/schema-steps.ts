import { TableIndex, type QueryRunner, type Table, type TableColumn, type TableIndexOptions } from 'typeorm';
import { dialectOf } from './dialect/index.js';

/**
 * The steps of migrations (R83). MySQL and MariaDB cannot roll back a change of tables: a migration that is killed
 * stays half done, and runs again at the next start. So each step first checks whether it has been made. Statements of
 * migrations that change rows give the same result a second time.
 */

export async function createTable(runner: QueryRunner, table: Table): Promise<void> {
  if (!(await runner.hasTable(table.name))) await runner.createTable(table);
  // The table may exist already without its collation: that is another statement.
  await dialectOf(runner.dataSource).compareExactly(runner, [table.name]);
}

export async function dropTable(runner: QueryRunner, name: string): Promise<void> {
  if (await runner.hasTable(name)) await runner.dropTable(name);
}

/** Adds a column without an index (`isUnique`, `isPrimary`): make that in a step of its own. */
export async function addColumn(runner: QueryRunner, table: string, column: TableColumn): Promise<void> {
  if (!(await runner.hasColumn(table, column.name))) await runner.addColumn(table, column);
}

/** Adds a column of texts that is null in every row. Unlike `addColumn` on SQLite, it does not write the rows anew. */
export async function addEmptyColumn(runner: QueryRunner, table: string, name: string, length: number): Promise<void> {
  if (await runner.hasColumn(table, name)) return;
  await runner.query(`ALTER TABLE ${table} ADD COLUMN ${name} varchar(${length})`);
}

export async function dropColumn(runner: QueryRunner, table: string, name: string): Promise<void> {
  if (await runner.hasColumn(table, name)) await runner.dropColumn(table, name);
}

/** The name shows whether the index exists. */
export async function createIndex(
  runner: QueryRunner,
  table: string,
  index: TableIndexOptions & { readonly name: string },
): Promise<void> {
  if (!(await hasIndex(runner, table, index.name))) await runner.createIndex(table, new TableIndex(index));
}

export async function dropIndex(runner: QueryRunner, table: string, name: string): Promise<void> {
  if (await hasIndex(runner, table, name)) await runner.dropIndex(table, name);
}

function hasIndex(runner: QueryRunner, table: string, name: string): Promise<boolean> {
  return dialectOf(runner.dataSource).hasIndex(runner, table, name);
}
