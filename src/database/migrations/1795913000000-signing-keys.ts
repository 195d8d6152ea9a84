import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';
import { createTable, dropTable } from '../schema-steps.js';

/** The keys that sign assertions (R72). */
export class SigningKeys1795913000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(
      runner,
      new Table({
        name: 'signing_keys',
        columns: [
          { name: 'generation', type: 'bigint', isPrimary: true },
          { name: 'id', type: 'varchar', length: '64' },
          { name: 'sealed', type: 'text' },
          { name: 'created_at_ms', type: 'bigint' },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTable(runner, 'signing_keys');
  }
}
