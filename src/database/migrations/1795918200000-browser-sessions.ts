import { Table, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';
import { dialectOf } from '../dialect/index.js';
import { createTable, dropTable } from '../schema-steps.js';

/** Sessions of the console (R99). */
export class BrowserSessions1795918200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(
      runner,
      new Table({
        name: 'browser_sessions',
        columns: [
          { name: 'id', type: 'varchar', length: '12', isPrimary: true },
          { name: 'digest', type: 'varchar', length: '64' },
          { name: 'pepper_version', type: dialectOf(runner.dataSource).integerType },
          { name: 'user_id', type: 'varchar', length: '36' },
          { name: 'method', type: 'varchar', length: '16' },
          { name: 'created_at_ms', type: 'bigint' },
          { name: 'last_seen_at_ms', type: 'bigint' },
          { name: 'authenticated_at_ms', type: 'bigint' },
        ],
        indices: [
          new TableIndex({ name: 'uq_browser_sessions_digest', columnNames: ['digest'], isUnique: true }),
          new TableIndex({ name: 'idx_browser_sessions_user', columnNames: ['user_id', 'last_seen_at_ms'] }),
          new TableIndex({ name: 'idx_browser_sessions_seen', columnNames: ['last_seen_at_ms'] }),
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTable(runner, 'browser_sessions');
  }
}
