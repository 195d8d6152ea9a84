import { Table, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';
import { dialectOf } from '../dialect/index.js';
import { createTable, dropTable } from '../schema-steps.js';

export class FormerUserNames1795917000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(
      runner,
      new Table({
        name: 'former_user_names',
        columns: [
          {
            name: 'id',
            type: dialectOf(runner.dataSource).integerType,
            isPrimary: true,
            isGenerated: true,
            generationStrategy: 'increment',
          },
          { name: 'user_id', type: 'varchar', length: '36' },
          { name: 'former_key', type: 'varchar', length: '255' },
          { name: 'current_key', type: 'varchar', length: '255' },
          { name: 'from_ms', type: 'bigint' },
          { name: 'until_ms', type: 'bigint' },
        ],
        indices: [
          new TableIndex({ name: 'idx_former_user_names_current', columnNames: ['current_key'] }),
          new TableIndex({ name: 'idx_former_user_names_user', columnNames: ['user_id'] }),
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTable(runner, 'former_user_names');
  }
}
