import { TableColumn, type MigrationInterface, type QueryRunner } from 'typeorm';
import { dialectOf } from '../dialect/index.js';
import { addColumn, createIndex, dropColumn, dropIndex } from '../schema-steps.js';

const INDEX = 'idx_change_log_change_set';

/** The random id of a transaction shows whether it was stored (R80). */
export class ChangeSets1795910400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addColumn(
      runner,
      'change_log',
      new TableColumn({ name: 'change_set', type: 'varchar', length: '32', default: "''" }),
    );
    await dialectOf(runner.dataSource).compareExactly(runner, ['change_log']);
    await createIndex(runner, 'change_log', { name: INDEX, columnNames: ['change_set'] });
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropIndex(runner, 'change_log', INDEX);
    await dropColumn(runner, 'change_log', 'change_set');
  }
}
