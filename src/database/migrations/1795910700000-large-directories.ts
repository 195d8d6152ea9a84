import { userNameKey } from '@scopegate/token';
import { Table, TableColumn, type MigrationInterface, type QueryRunner } from 'typeorm';
import { addColumn, createIndex, createTable, dropColumn, dropIndex, dropTable } from '../schema-steps.js';

const ROWS_IN_ONE_UPDATE = 500;

const MAX_SEARCH_KEY = 511;

/** Keys to search users and groups in the database (R82), and deletions that finish in batches. */
export class LargeDirectories1795910700000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addColumn(runner, 'users', textColumn('search_key', MAX_SEARCH_KEY));
    await fillSearchKeys(runner);
    await createIndex(runner, 'users', {
      name: 'idx_users_search',
      columnNames: ['username_key', 'search_key', 'active'],
    });
    await addColumn(runner, 'user_groups', textColumn('name_key', 255));
    await fillNameKeys(runner);
    await createIndex(runner, 'user_groups', { name: 'idx_user_groups_name_key', columnNames: ['name_key'] });
    await createTable(runner, unfinishedDeletions());
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTable(runner, 'unfinished_deletions');
    await dropIndex(runner, 'user_groups', 'idx_user_groups_name_key');
    await dropColumn(runner, 'user_groups', 'name_key');
    await dropIndex(runner, 'users', 'idx_users_search');
    await dropColumn(runner, 'users', 'search_key');
  }
}

function textColumn(name: string, length: number): TableColumn {
  return new TableColumn({ name, type: 'varchar', length: String(length), default: "''" });
}

async function fillSearchKeys(runner: QueryRunner): Promise<void> {
  for (let after = ''; ;) {
    const users = (await runner.query(
      `SELECT username_key AS name, display_name AS shown, email FROM users WHERE username_key > ?
        ORDER BY username_key LIMIT ${ROWS_IN_ONE_UPDATE}`,
      [after],
    )) as readonly { readonly name: string; readonly shown: string; readonly email: string | null }[];
    const keys = users.map(({ name, shown, email }) => [name, searchKey(shown, email)] as const);
    await fillKeys(runner, 'users', ['username_key', 'search_key'], keys);
    const last = users.at(-1);
    if (last === undefined || users.length < ROWS_IN_ONE_UPDATE) return;
    after = last.name;
  }
}

function searchKey(displayName: string, email: string | null): string {
  const key = `${displayName}\n${email ?? ''}`.toLowerCase();
  return key.slice(0, MAX_SEARCH_KEY).toWellFormed();
}

async function fillNameKeys(runner: QueryRunner): Promise<void> {
  const groups = (await runner.query('SELECT name FROM user_groups')) as readonly { readonly name: string }[];
  for (let at = 0; at < groups.length; at += ROWS_IN_ONE_UPDATE) {
    const keys = groups.slice(at, at + ROWS_IN_ONE_UPDATE).map(({ name }) => [name, userNameKey(name)] as const);
    await fillKeys(runner, 'user_groups', ['name', 'name_key'], keys);
  }
}

async function fillKeys(
  runner: QueryRunner,
  table: string,
  [found, set]: readonly [string, string],
  values: readonly (readonly [string, string])[],
): Promise<void> {
  if (values.length === 0) return;
  const cases = values.map(() => 'WHEN ? THEN ?').join(' ');
  const list = values.map(() => '?').join(', ');
  await runner.query(`UPDATE ${table} SET ${set} = CASE ${found} ${cases} END WHERE ${found} IN (${list})`, [
    ...values.flat(),
    ...values.map(([value]) => value),
  ]);
}

function unfinishedDeletions(): Table {
  return new Table({
    name: 'unfinished_deletions',
    columns: [
      { name: 'kind', type: 'varchar', length: '16', isPrimary: true },
      { name: 'subject', type: 'varchar', length: '255', isPrimary: true },
      { name: 'actor', type: 'json' },
      { name: 'begun_at_ms', type: 'bigint' },
    ],
  });
}
