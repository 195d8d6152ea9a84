import { Table, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';
import { dialectOf } from '../dialect/index.js';
import { createTable, dropTable } from '../schema-steps.js';
import { UsageCounts1795918510000 } from './1795918510000-usage-counts.js';

/** As many as a block had when this was written. */
const DAYS = 32;

/**
 * Counts of events by blocks of days. The stored events are counted anew after the start, in the background. The old
 * table goes first: an older node that still runs can no longer count, so it leaves the events to the new ones.
 */
export class UsageBlocks1795918630000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const { integerType } = dialectOf(runner.dataSource);
    await dropTable(runner, 'usage_counts');
    await runner.query('DELETE FROM usage_progress');
    const days = Array.from({ length: DAYS }, (_, place) => ({ name: `d${place}`, type: 'bigint', default: '0' }));
    await createTable(
      runner,
      new Table({
        name: 'usage_blocks',
        columns: [
          { name: 'id', type: 'varchar', length: '32', isPrimary: true },
          { name: 'block', type: integerType },
          { name: 'type', type: 'varchar', length: '40' },
          { name: 'outcome', type: 'varchar', length: '10' },
          { name: 'code', type: 'varchar', length: '40', isNullable: true },
          { name: 'user_key', type: 'varchar', length: '255', isNullable: true },
          { name: 'is_proven', type: integerType },
          { name: 'token_id', type: 'varchar', length: '12', isNullable: true },
          { name: 'application', type: 'varchar', length: '64', isNullable: true },
          { name: 'credential', type: 'varchar', length: '16', isNullable: true },
          { name: 'door', type: 'varchar', length: '16', isNullable: true },
          ...days,
        ],
        indices: [new TableIndex({ name: 'idx_usage_blocks_user', columnNames: ['user_key', 'id'] })],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTable(runner, 'usage_blocks');
    await runner.query('DELETE FROM usage_progress');
    await new UsageCounts1795918510000().up(runner);
  }
}
