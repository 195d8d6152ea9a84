import type { DataSource } from 'typeorm';

type Row = Readonly<Record<string, unknown>>;
type Column = { readonly name: string; readonly type: string };

const LIST = 'schema_migrations';

/** The statements that make the tables and indexes as they are now, by name; without the list of migrations. */
export async function schemaOf(dataSource: DataSource): Promise<Readonly<Record<string, string>>> {
  if (isSqlite(dataSource)) {
    const rows = await dataSource.query<{ name: string; sql: string }[]>(
      "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND tbl_name <> ? ORDER BY name",
      [LIST],
    );
    return Object.fromEntries(rows.map(({ name, sql }) => [name, sql]));
  }
  const made: Record<string, string> = {};
  for (const table of await tablesOf(dataSource)) {
    const [row] = await dataSource.query<Record<string, string>[]>(`SHOW CREATE TABLE \`${table}\``);
    made[table] = (row?.['Create Table'] ?? '').replace(/ AUTO_INCREMENT=\d+/, '');
  }
  return made;
}

/** The names in the list of migrations, in order. */
export async function appliedMigrations(dataSource: DataSource): Promise<readonly string[]> {
  const runner = dataSource.createQueryRunner();
  try {
    if (!(await runner.hasTable(LIST))) return [];
    const rows = await dataSource.query<{ name: string }[]>(`SELECT name FROM ${LIST} ORDER BY id`);
    return rows.map(({ name }) => name);
  } finally {
    await runner.release();
  }
}

/** Puts one row into every table: each text holds the name of its column, and numbers are 1. */
export async function fillTables(dataSource: DataSource): Promise<void> {
  for (const table of await tablesOf(dataSource)) {
    const columns = await columnsOf(dataSource, table);
    const names = columns.map(({ name }) => `\`${name}\``).join(', ');
    const values = columns.map(valueOf);
    await dataSource.query(`INSERT INTO \`${table}\` (${names}) VALUES (${values.map(() => '?').join(', ')})`, values);
  }
}

/** Every row of every table. */
export async function contentOf(dataSource: DataSource): Promise<Readonly<Record<string, Row[]>>> {
  const content: Record<string, Row[]> = {};
  for (const table of await tablesOf(dataSource)) content[table] = await dataSource.query(`SELECT * FROM \`${table}\``);
  return content;
}

function valueOf({ name, type }: Column): unknown {
  if (/json|longtext/i.test(type) || name === 'body') return '{}';
  if (/int|bool/i.test(type)) return 1;
  const length = Number(/\((\d+)\)/.exec(type)?.[1] ?? 255);
  return `Ä ${name} `.slice(0, length);
}

async function tablesOf(dataSource: DataSource): Promise<readonly string[]> {
  const rows = await dataSource.query<{ name: string }[]>(
    isSqlite(dataSource)
      ? "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
      : 'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME',
  );
  return rows.map(({ name }) => name).filter((name) => name !== LIST);
}

async function columnsOf(dataSource: DataSource, table: string): Promise<readonly Column[]> {
  return dataSource.query<Column[]>(
    isSqlite(dataSource)
      ? 'SELECT name, type FROM pragma_table_info(?)'
      : `SELECT COLUMN_NAME AS name, COLUMN_TYPE AS type FROM information_schema.COLUMNS
           WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`,
    [table],
  );
}

function isSqlite(dataSource: DataSource): boolean {
  return dataSource.options.type === 'better-sqlite3';
}
