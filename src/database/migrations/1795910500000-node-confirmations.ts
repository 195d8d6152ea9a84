import { TableColumn, type MigrationInterface, type QueryRunner } from 'typeorm';
import { dialectOf } from '../dialect/index.js';
import { addColumn, dropColumn } from '../schema-steps.js';

/** How old the rules of a node may be, and how far it has acted (R78). */
export class NodeConfirmations1795910500000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const column of columns(runner)) await addColumn(runner, 'nodes', column);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { name } of columns(runner)) await dropColumn(runner, 'nodes', name);
  }
}

function columns(runner: QueryRunner): readonly TableColumn[] {
  return [
    new TableColumn({ name: 'max_staleness_ms', type: 'bigint', isNullable: true }),
    new TableColumn({ name: 'acted_up_to', type: dialectOf(runner.dataSource).integerType, isNullable: true }),
    new TableColumn({ name: 'acted_at_ms', type: 'bigint', isNullable: true }),
  ];
}
