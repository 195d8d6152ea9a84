import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';

/** The check values of the keys (R110). */
export class KeyChecks1795824200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.createTable(
      new Table({
        name: 'key_checks',
        columns: [
          { name: 'name', type: 'varchar', length: '32', isPrimary: true },
          { name: 'check_value', type: 'varchar', length: '128' },
          { name: 'created_at_ms', type: 'bigint' },
        ],
      }),
    );
    if (runner.dataSource.options.type !== 'better-sqlite3') {
      await runner.query('ALTER TABLE `key_checks` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin');
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('key_checks');
  }
}
