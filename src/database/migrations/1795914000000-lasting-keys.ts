import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';
import { createTable, dropTable } from '../schema-steps.js';

export class LastingKeys1795914000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(
      runner,
      new Table({
        name: 'lasting_keys',
        columns: [
          { name: 'name', type: 'varchar', length: '32', isPrimary: true },
          { name: 'sealed', type: 'varchar', length: '255' },
          { name: 'created_at_ms', type: 'bigint' },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTable(runner, 'lasting_keys');
  }
}
