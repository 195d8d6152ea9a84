import { Table, TableIndex, type MigrationInterface, type QueryRunner, type TableColumnOptions } from 'typeorm';
import { dialectOf } from '../dialect/index.js';
import { createTable, dropTable } from '../schema-steps.js';

/** Times are whole milliseconds since the epoch (docs/adr), so that both databases store them alike. */
export class InitialSchema1795392000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const table of tables(dialectOf(runner.dataSource).integerType)) await createTable(runner, table);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of tables('integer').reverse()) await dropTable(runner, table.name);
  }
}

function varchar(name: string, length: number, more: Partial<TableColumnOptions> = {}): TableColumnOptions {
  return { name, type: 'varchar', length: String(length), ...more };
}

function bigint(name: string, more: Partial<TableColumnOptions> = {}): TableColumnOptions {
  return { name, type: 'bigint', ...more };
}

function index(name: string, ...columnNames: string[]): TableIndex {
  return new TableIndex({ name, columnNames, isUnique: name.startsWith('uq_') });
}

const NULLABLE = { isNullable: true } as const;
const PRIMARY = { isPrimary: true } as const;

function tables(integerType: 'integer' | 'int'): Table[] {
  const int = (name: string, more: Partial<TableColumnOptions> = {}): TableColumnOptions => ({
    name,
    type: integerType,
    ...more,
  });
  const rising = { isPrimary: true, isGenerated: true, generationStrategy: 'increment' } as const;
  return [
    new Table({
      name: 'users',
      columns: [
        varchar('id', 36, PRIMARY),
        varchar('username', 255),
        varchar('username_key', 255),
        varchar('display_name', 255),
        varchar('email', 255, NULLABLE),
        varchar('password_hash', 100, NULLABLE),
        { name: 'active', type: 'boolean' },
        bigint('created_at_ms'),
      ],
      indices: [index('uq_users_username_key', 'username_key')],
    }),
    new Table({ name: 'user_groups', columns: [varchar('name', 255, PRIMARY), bigint('created_at_ms')] }),
    new Table({
      name: 'user_group_members',
      columns: [varchar('group_name', 255, PRIMARY), varchar('user_id', 36, PRIMARY)],
      indices: [index('idx_user_group_members_user', 'user_id')],
    }),
    new Table({
      name: 'settings',
      columns: [int('id', PRIMARY), { name: 'body', type: 'json' }, int('version')],
    }),
    new Table({
      name: 'permissions',
      columns: [int('id', PRIMARY), { name: 'body', type: 'json' }, int('version')],
    }),
    new Table({
      name: 'applications',
      columns: [
        varchar('key', 64, PRIMARY),
        varchar('mount_key', 512),
        { name: 'body', type: 'json' },
        int('version'),
        bigint('created_at_ms'),
      ],
      indices: [index('uq_applications_mount_key', 'mount_key')],
    }),
    new Table({
      name: 'tokens',
      columns: [
        int('sequence', rising),
        varchar('id', 12),
        varchar('digest', 64),
        int('pepper_version'),
        varchar('hint', 64),
        varchar('owner_id', 36),
        varchar('owner_name', 255),
        varchar('creator_id', 36),
        varchar('created_by', 255),
        varchar('description', 255),
        varchar('scope', 12),
        bigint('created_at_ms'),
        bigint('expires_at_ms', NULLABLE),
        bigint('revoked_at_ms', NULLABLE),
        varchar('revoked_by', 255, NULLABLE),
        bigint('last_used_at_ms', NULLABLE),
        varchar('last_used_ip', 45, NULLABLE),
        bigint('use_count', { default: 0 }),
        { name: 'allow_list', type: 'json', ...NULLABLE },
        { name: 'applications', type: 'json', ...NULLABLE },
        varchar('successor_id', 12, NULLABLE),
      ],
      indices: [
        index('uq_tokens_id', 'id'),
        index('idx_tokens_owner', 'owner_id', 'sequence'),
        index('idx_tokens_expires', 'expires_at_ms'),
        index('idx_tokens_revoked', 'revoked_at_ms'),
      ],
    }),
    new Table({
      name: 'bound_cookies',
      columns: [
        varchar('digest', 64, PRIMARY),
        varchar('token_id', 12),
        varchar('application', 64),
        bigint('seen_at_ms'),
      ],
      indices: [index('idx_bound_cookies_token', 'token_id'), index('idx_bound_cookies_seen', 'seen_at_ms')],
    }),
    new Table({
      name: 'audit_events',
      columns: [
        varchar('id', 26, PRIMARY),
        bigint('at_ms'),
        int('count'),
        varchar('type', 40),
        varchar('outcome', 10),
        varchar('code', 40, NULLABLE),
        varchar('actor', 255, NULLABLE),
        varchar('actor_key', 255, NULLABLE),
        varchar('owner', 255, NULLABLE),
        varchar('owner_key', 255, NULLABLE),
        varchar('token_id', 12, NULLABLE),
        varchar('token_description', 255, NULLABLE),
        varchar('token_scope', 12, NULLABLE),
        varchar('credential', 16, NULLABLE),
        varchar('client_ip', 45, NULLABLE),
        varchar('peer', 64, NULLABLE),
        varchar('method', 32, NULLABLE),
        varchar('path', 2048, NULLABLE),
        varchar('application', 64, NULLABLE),
        int('status', NULLABLE),
        int('duration_ms', NULLABLE),
        varchar('user_agent', 512, NULLABLE),
        varchar('request_id', 64, NULLABLE),
        { name: 'detail', type: 'json', ...NULLABLE },
        varchar('chain', 64),
        bigint('chain_sequence'),
        varchar('previous_link', 64),
        varchar('link', 64),
      ],
      indices: [
        index('uq_audit_events_chain', 'chain', 'chain_sequence'),
        index('idx_audit_events_at', 'at_ms'),
        index('idx_audit_events_type', 'type', 'id'),
        index('idx_audit_events_outcome', 'outcome', 'id'),
        index('idx_audit_events_code', 'code', 'id'),
        index('idx_audit_events_actor', 'actor_key', 'id'),
        index('idx_audit_events_owner', 'owner_key', 'id'),
        index('idx_audit_events_token', 'token_id', 'id'),
        index('idx_audit_events_client_ip', 'client_ip', 'id'),
        index('idx_audit_events_application', 'application', 'id'),
        index('idx_audit_events_request', 'request_id'),
      ],
    }),
    new Table({
      name: 'audit_chains',
      columns: [
        varchar('chain', 64, PRIMARY),
        bigint('sequence'),
        varchar('link', 64),
        bigint('purged_sequence'),
        int('journal_segment', NULLABLE),
        bigint('journal_offset', NULLABLE),
        { name: 'held', type: 'json', ...NULLABLE },
        varchar('seal', 64),
      ],
    }),
    new Table({
      name: 'change_log',
      columns: [int('id', rising), varchar('topic', 32), varchar('subject', 255), bigint('at_ms')],
    }),
    new Table({ name: 'nodes', columns: [varchar('id', 36, PRIMARY), bigint('seen_at_ms')] }),
    new Table({
      name: 'leases',
      columns: [varchar('name', 64, PRIMARY), varchar('holder', 64), bigint('expires_at_ms')],
    }),
  ];
}
