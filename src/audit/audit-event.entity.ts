import { EVENT_FIELDS, type EventColumns, type EventField } from '@scopegate/audit';
import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import { bigintAsNumber } from '../database/column-transformers.js';

type Stored<Value> = Value extends string ? string : Value extends object ? object : Value;

type StoredColumns = { -readonly [Name in keyof EventColumns]: Stored<EventColumns[Name]> };

/** The id is time-ordered, so every list uses it as its paging key. */
export interface AuditEventEntity extends StoredColumns {
  /** A node's, or `changes` for the changes of all nodes. */
  chain: string;
  chainSequence: number;
  previousLink: string;
  link: string;
}

/** Each index ends in the id. */
export const FILTER_INDEXES = {
  tokenId: 'idx_audit_events_token',
  clientIp: 'idx_audit_events_client_ip',
  actorKey: 'idx_audit_events_actor',
  ownerKey: 'idx_audit_events_owner',
  code: 'idx_audit_events_code',
  application: 'idx_audit_events_application',
  type: 'idx_audit_events_type',
  outcome: 'idx_audit_events_outcome',
} as const satisfies Partial<Record<keyof AuditEventEntity, string>>;

export const AuditEventEntity = new EntitySchema<AuditEventEntity>({
  name: 'AuditEventEntity',
  tableName: 'audit_events',
  columns: {
    ...Object.fromEntries(Object.entries<EventField>(EVENT_FIELDS).flatMap(columnsOf)),
    id: { type: 'varchar', length: EVENT_FIELDS.id.length, primary: true },
    chain: { type: 'varchar', length: 64 },
    chainSequence: { name: 'chain_sequence', type: 'bigint', transformer: bigintAsNumber },
    previousLink: { name: 'previous_link', type: 'varchar', length: 64 },
    link: { type: 'varchar', length: 64 },
  },
  indices: [
    { name: 'uq_audit_events_chain', columns: ['chain', 'chainSequence'], unique: true },
    { name: 'idx_audit_events_at', columns: ['atMs'] },
    { name: 'idx_audit_events_request', columns: ['requestId'] },
    ...Object.entries(FILTER_INDEXES).map(([column, name]) => ({ name, columns: [column, 'id'] })),
  ],
});

function columnsOf([field, { kind, length, empty }]: [string, EventField]): [string, EntitySchemaColumnOptions][] {
  const column = { name: columnName(field), nullable: empty === null };
  switch (kind) {
    case 'text':
      return [[field, { ...column, type: 'varchar', length }]];
    case 'name': {
      const text = { ...column, type: 'varchar', length } as const;
      return [
        [field, text],
        [`${field}Key`, { ...text, name: columnName(`${field}Key`) }],
      ];
    }
    case 'integer':
      return [[field, { ...column, type: 'int' }]];
    case 'instant':
      return [[field, { ...column, type: 'bigint', transformer: bigintAsNumber }]];
    case 'detail':
      return [[field, { ...column, type: 'json' }]];
    case 'flag':
      return [];
  }
}

function columnName(property: string): string {
  return property.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
