import type { QueryRunner } from 'typeorm';
import { ConfigurationError } from '../config/env.js';

/**
 * Collations that compare texts byte by byte, blanks at their ends included: MariaDB's from 10.2 on, and MySQL's from
 * 8.0.17 on. The `utf8mb4_bin` of both takes `generic ` for `generic` (PAD SPACE).
 */
const EXACT_COLLATIONS = ['utf8mb4_nopad_bin', 'utf8mb4_0900_bin'];

/**
 * Has the texts of tables compared byte by byte. Every migration that makes a table calls it, since a new table gets the
 * default of its database. SQLite compares so by itself.
 */
export async function compareExactly(runner: QueryRunner, tables: readonly string[]): Promise<void> {
  if (runner.dataSource.options.type === 'better-sqlite3') return;
  const rows = (await runner.query(
    `SELECT COLLATION_NAME AS name FROM information_schema.COLLATIONS WHERE COLLATION_NAME IN (?, ?)`,
    EXACT_COLLATIONS,
  )) as readonly { readonly name: string }[];
  const collation = EXACT_COLLATIONS.find((name) => rows.some((row) => row.name === name));
  if (collation === undefined) {
    throw new ConfigurationError(
      'The database server cannot compare texts byte by byte. Use MariaDB 10.2, MySQL 8.0.17 or newer.',
    );
  }
  for (const table of tables) {
    // Each conversion writes the whole table anew.
    if (await isCollated(runner, table, collation)) continue;
    await runner.query(`ALTER TABLE \`${table}\` CONVERT TO CHARACTER SET utf8mb4 COLLATE ${collation}`);
  }
}

/** Whether a table, and each of its columns that holds texts, has a collation already. */
async function isCollated(runner: QueryRunner, table: string, collation: string): Promise<boolean> {
  const rows = (await runner.query(
    `SELECT TABLE_COLLATION AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?
     UNION SELECT COLLATION_NAME FROM information_schema.COLUMNS
       WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND COLLATION_NAME IS NOT NULL`,
    [table, table],
  )) as readonly { readonly name: string }[];
  return rows.length === 1 && rows[0]?.name === collation;
}
