import { Table, TableIndex, type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Sessions of the gateway's own (R11), in place of the upstream's cookies that were bound to tokens. What was bound is
 * not carried over: those sessions end.
 */
export class TokenSessions1795824000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.dropTable('bound_cookies');
    await create(runner, tokenSessions(runner));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('token_sessions');
    await create(runner, boundCookies());
  }
}

async function create(runner: QueryRunner, table: Table): Promise<void> {
  await runner.createTable(table);
  if (runner.dataSource.options.type === 'better-sqlite3') return;
  await runner.query(`ALTER TABLE \`${table.name}\` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`);
}

function tokenSessions(runner: QueryRunner): Table {
  const isSqlite = runner.dataSource.options.type === 'better-sqlite3';
  return new Table({
    name: 'token_sessions',
    columns: [
      { name: 'id', type: 'varchar', length: '12', isPrimary: true },
      { name: 'digest', type: 'varchar', length: '64' },
      { name: 'pepper_version', type: isSqlite ? 'integer' : 'int' },
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

/** The table as the first migration makes it. */
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
