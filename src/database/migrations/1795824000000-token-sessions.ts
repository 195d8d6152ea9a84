import { Table, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';
import { dialectOf } from '../dialect/index.js';
import { createTable, dropTable } from '../schema-steps.js';

/** The gateway's own sessions (R11) replace the upstream's cookies that were bound to tokens. The old sessions end. */
export class TokenSessions1795824000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await dropTable(runner, 'bound_cookies');
    await createTable(runner, tokenSessions(runner));
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTable(runner, 'token_sessions');
    await createTable(runner, boundCookies());
  }
}

function tokenSessions(runner: QueryRunner): Table {
  return new Table({
    name: 'token_sessions',
    columns: [
      { name: 'id', type: 'varchar', length: '12', isPrimary: true },
      { name: 'digest', type: 'varchar', length: '64' },
      { name: 'pepper_version', type: dialectOf(runner.dataSource).integerType },
      { name: 'token_id', type: 'varchar', length: '12' },
      { name: 'created_at_ms', type: 'bigint' },
      { name: 'last_used_at_ms', type: 'bigint' },
    ],
    indices: [
      new TableIndex({ name: 'idx_token_sessions_token', columnNames: ['token_id', 'last_used_at_ms'] }),
      new TableIndex({ name: 'idx_token_sessions_used', columnNames: ['last_used_at_ms'] }),
    ],
  });
}

function boundCookies(): Table {
  return new Table({
    name: 'bound_cookies',
    columns: [
      { name: 'digest', type: 'varchar', length: '64', isPrimary: true },
      { name: 'token_id', type: 'varchar', length: '12' },
      { name: 'application', type: 'varchar', length: '64' },
      { name: 'seen_at_ms', type: 'bigint' },
    ],
    indices: [
      new TableIndex({ name: 'idx_bound_cookies_token', columnNames: ['token_id'] }),
      new TableIndex({ name: 'idx_bound_cookies_seen', columnNames: ['seen_at_ms'] }),
    ],
  });
}
