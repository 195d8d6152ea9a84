import { TableColumn, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';
import { compareExactly } from '../exact-collation.js';

const INDEX = 'idx_change_log_change_set';

/** Lines of the change log have the random id of their transaction, by which to ask whether it was stored (R80). Runs again from any point. */
export class ChangeSets1795910400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    if (!(await runner.hasColumn('change_log', 'change_set'))) {
      await runner.addColumn(
        'change_log',
        new TableColumn({ name: 'change_set', type: 'varchar', length: '32', default: "''" }),
      );
    }
    await compareExactly(runner, ['change_log']);
    const table = await runner.getTable('change_log');
    if (table?.indices.some(({ name }) => name === INDEX) === true) return;
    await runner.createIndex('change_log', new TableIndex({ name: INDEX, columnNames: ['change_set'] }));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropIndex('change_log', INDEX);
    await runner.dropColumn('change_log', 'change_set');
  }
}
