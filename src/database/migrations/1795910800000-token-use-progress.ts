import { Table, type MigrationInterface, type QueryRunner } from 'typeorm';
import { createTable, dropTable } from '../schema-steps.js';

/** How far the uses in a journal have been counted: without it, a stop would lose some or count them twice. */
export class TokenUseProgress1795910800000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(
      runner,
      new Table({
        name: 'token_use_progress',
        columns: [
          { name: 'chain', type: 'varchar', length: '64', isPrimary: true },
          { name: 'journal_segment', type: 'bigint' },
          { name: 'journal_offset', type: 'bigint' },
          { name: 'batch', type: 'varchar', length: '36' },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTable(runner, 'token_use_progress');
  }
}
