import { TableColumn, type MigrationInterface, type QueryRunner } from 'typeorm';
import { addColumn, dropColumn } from '../schema-steps.js';

/** What a node tells administrators of itself (R103). */
export class NodeReports1795918500000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const column of columns()) await addColumn(runner, 'nodes', column);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { name } of columns()) await dropColumn(runner, 'nodes', name);
  }
}

function columns(): readonly TableColumn[] {
  return [
    new TableColumn({ name: 'version', type: 'varchar', length: '32', isNullable: true }),
    new TableColumn({ name: 'lag_ms', type: 'bigint', isNullable: true }),
    new TableColumn({ name: 'journal_bytes', type: 'bigint', isNullable: true }),
  ];
}
