import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';
import { dialectOf } from '../dialect/index.js';
import { createIndex, createTable, dropColumn, dropIndex, dropTable } from '../schema-steps.js';

/** Directories of users and groups (R92), and which of both are theirs. */
export class Directories1795918100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(
      runner,
      new Table({
        name: 'directories',
        columns: [
          { name: 'key', type: 'varchar', length: '48', isPrimary: true },
          { name: 'version', type: dialectOf(runner.dataSource).integerType },
          { name: 'body', type: 'json' },
          { name: 'sealed_password', type: 'text', isNullable: true },
          { name: 'created_at_ms', type: 'bigint' },
          { name: 'last_sync_at_ms', type: 'bigint', isNullable: true },
          { name: 'last_success_at_ms', type: 'bigint', isNullable: true },
          { name: 'failure', type: 'varchar', length: '255', isNullable: true },
          { name: 'waiting', type: 'json', isNullable: true },
          { name: 'conflicts', type: 'json', isNullable: true },
          { name: 'user_count', type: dialectOf(runner.dataSource).integerType },
          { name: 'group_count', type: dialectOf(runner.dataSource).integerType },
        ],
      }),
    );
    await addOwnerColumn(runner, 'users');
    await addOwnerColumn(runner, 'user_groups');
    await addNullableColumn(runner, 'users', 'directory_entry', 'varchar(64)');
    await addNullableColumn(runner, 'users', 'gone_at_ms', 'bigint');
    await createIndex(runner, 'users', { name: 'idx_users_directory', columnNames: ['directory', 'id'] });
    await createIndex(runner, 'user_groups', { name: 'idx_user_groups_directory', columnNames: ['directory'] });
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropIndex(runner, 'user_groups', 'idx_user_groups_directory');
    await dropIndex(runner, 'users', 'idx_users_directory');
    await dropColumn(runner, 'users', 'gone_at_ms');
    await dropColumn(runner, 'users', 'directory_entry');
    await dropColumn(runner, 'user_groups', 'directory');
    await dropColumn(runner, 'users', 'directory');
    await dropTable(runner, 'directories');
  }
}

/** Not by TypeORM, which on SQLite writes the whole table anew. */
async function addOwnerColumn(runner: QueryRunner, table: string): Promise<void> {
  if (await runner.hasColumn(table, 'directory')) return;
  await runner.query(`ALTER TABLE ${table} ADD COLUMN directory varchar(48) NOT NULL DEFAULT 'local'`);
}

async function addNullableColumn(runner: QueryRunner, table: string, name: string, type: string): Promise<void> {
  if (await runner.hasColumn(table, name)) return;
  await runner.query(`ALTER TABLE ${table} ADD COLUMN ${name} ${type}`);
}
