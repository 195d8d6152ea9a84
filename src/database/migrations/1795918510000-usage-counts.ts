import { Table, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';
import { dialectOf } from '../dialect/index.js';
import { createTable, dropTable } from '../schema-steps.js';

/** Counts of events by day. The events that are stored already are counted after the start, in the background. */
export class UsageCounts1795918510000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const { integerType } = dialectOf(runner.dataSource);
    await createTable(
      runner,
      new Table({
        name: 'usage_counts',
        columns: [
          { name: 'id', type: 'varchar', length: '32', isPrimary: true },
          { name: 'day', type: integerType },
          { name: 'type', type: 'varchar', length: '40' },
          { name: 'outcome', type: 'varchar', length: '10' },
          { name: 'code', type: 'varchar', length: '40', isNullable: true },
          { name: 'user_key', type: 'varchar', length: '255', isNullable: true },
          { name: 'is_proven', type: integerType },
          { name: 'token_id', type: 'varchar', length: '12', isNullable: true },
          { name: 'application', type: 'varchar', length: '64', isNullable: true },
          { name: 'credential', type: 'varchar', length: '16', isNullable: true },
          { name: 'door', type: 'varchar', length: '16', isNullable: true },
          { name: 'events', type: 'bigint' },
        ],
        indices: [new TableIndex({ name: 'idx_usage_counts_user', columnNames: ['user_key', 'id'] })],
      }),
    );
    await createTable(
      runner,
      new Table({
        name: 'usage_progress',
        columns: [
          { name: 'chain', type: 'varchar', length: '64', isPrimary: true },
          { name: 'counted_sequence', type: 'bigint' },
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTable(runner, 'usage_progress');
    await dropTable(runner, 'usage_counts');
  }
}
