import { Table, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';
import { createTable, dropTable } from '../schema-steps.js';

/** So that no callback of the identity provider is used twice (R96). */
export class UsedOidcLogins1795918300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createTable(
      runner,
      new Table({
        name: 'used_oidc_logins',
        columns: [
          { name: 'state_digest', type: 'varchar', length: '43', isPrimary: true },
          { name: 'expires_at_ms', type: 'bigint' },
        ],
        indices: [new TableIndex({ name: 'idx_used_oidc_logins_expires', columnNames: ['expires_at_ms'] })],
      }),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTable(runner, 'used_oidc_logins');
  }
}
