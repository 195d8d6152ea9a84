import { Table, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';
import { createTable, dropTable } from '../schema-steps.js';

export class IdempotentAnswers1795911000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(
      runner,
      new Table({
        name: 'idempotent_answers',
        columns: [
          { name: 'id', type: 'varchar', length: '64', isPrimary: true },
          { name: 'body_digest', type: 'varchar', length: '64' },
          { name: 'answer', type: 'json' },
          { name: 'etag', type: 'varchar', length: '32', isNullable: true },
          { name: 'created_at_ms', type: 'bigint' },
        ],
        indices: [new TableIndex({ name: 'idx_idempotent_answers_created', columnNames: ['created_at_ms'] })],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTable(runner, 'idempotent_answers');
  }
}
