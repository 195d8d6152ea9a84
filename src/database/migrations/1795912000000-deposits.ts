import { Table, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';
import { createTable, dropTable } from '../schema-steps.js';

/** Users' own credentials for an upstream (R68). */
export class Deposits1795912000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(
      runner,
      new Table({
        name: 'deposits',
        columns: [
          { name: 'application', type: 'varchar', length: '64', isPrimary: true },
          { name: 'user_id', type: 'varchar', length: '36', isPrimary: true },
          { name: 'username', type: 'varchar', length: '255' },
          { name: 'version', type: 'varchar', length: '36' },
          { name: 'endpoint', type: 'varchar', length: '2048' },
          { name: 'sealed', type: 'text' },
          { name: 'type', type: 'varchar', length: '16' },
          { name: 'hint', type: 'varchar', length: '16' },
          { name: 'upstream_account', type: 'varchar', length: '255' },
          { name: 'is_rejected', type: 'boolean' },
          { name: 'deposited_at_ms', type: 'bigint' },
          { name: 'checked_at_ms', type: 'bigint' },
          { name: 'last_used_at_ms', type: 'bigint', isNullable: true },
        ],
        indices: [
          new TableIndex({ name: 'idx_deposits_user', columnNames: ['user_id', 'application'] }),
          new TableIndex({ name: 'idx_deposits_username', columnNames: ['application', 'username', 'user_id'] }),
        ],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTable(runner, 'deposits');
  }
}
