import { Table, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';
import { dialectOf } from '../dialect/index.js';
import { createIndex, createTable, dropIndex, dropTable } from '../schema-steps.js';

/** Reminders before a token ends, the mails that wait, and the addresses that tokens were used from (R98). */
export class Reminders1795918400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const { integerType } = dialectOf(runner.dataSource);
    await createTable(
      runner,
      new Table({
        name: 'reminders',
        columns: [
          { name: 'token_id', type: 'varchar', length: '12', isPrimary: true },
          { name: 'days', type: integerType, isPrimary: true },
          { name: 'made_at_ms', type: 'bigint' },
        ],
      }),
    );
    await createTable(
      runner,
      new Table({
        name: 'mails',
        columns: [
          { name: 'token_id', type: 'varchar', length: '12', isPrimary: true },
          { name: 'occasion', type: 'varchar', length: '64', isPrimary: true },
          { name: 'user_id', type: 'varchar', length: '36', isPrimary: true },
          { name: 'made_at_ms', type: 'bigint' },
          { name: 'next_at_ms', type: 'bigint' },
          { name: 'attempts', type: integerType },
          { name: 'sending_at_ms', type: 'bigint', isNullable: true },
        ],
        indices: [new TableIndex({ name: 'idx_mails_next', columnNames: ['next_at_ms'] })],
      }),
    );
    await createTable(
      runner,
      new Table({
        name: 'token_addresses',
        columns: [
          { name: 'token_id', type: 'varchar', length: '12', isPrimary: true },
          { name: 'block', type: 'varchar', length: '45', isPrimary: true },
          { name: 'first_at_ms', type: 'bigint' },
        ],
      }),
    );
    await createIndex(runner, 'tokens', { name: 'idx_tokens_created', columnNames: ['created_at_ms'] });
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropIndex(runner, 'tokens', 'idx_tokens_created');
    for (const table of ['token_addresses', 'mails', 'reminders']) await dropTable(runner, table);
  }
}
