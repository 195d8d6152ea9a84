import { BLOCK_DAYS } from '@scopegate/audit';
import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import { bigintAsNumber } from '../../database/column-transformers.js';

type DayColumn = `d${number}`;

/**
 * How many events have the same keys on each day of a block (R103). The same keys come back on most days, so a report
 * reads a fraction of the rows that a row for each day would take.
 */
export type UsageBlockEntity = { readonly [day in DayColumn]: number } & {
  /** From `usageId`. */
  readonly id: string;
  /** As in `blockOf`. */
  readonly block: number;
  readonly type: string;
  readonly outcome: string;
  readonly code: string | null;
  readonly userKey: string | null;
  /** 1 if the requests have proven a credential of the user, else 0. */
  readonly isProven: number;
  readonly tokenId: string | null;
  readonly application: string | null;
  readonly credential: string | null;
  readonly door: string | null;
};

/** The column of a day, by its place in the block. */
export function dayColumn(place: number): DayColumn {
  return `d${place}`;
}

const days = Array.from({ length: BLOCK_DAYS }, (_, place): [string, EntitySchemaColumnOptions] => [
  dayColumn(place),
  { type: 'bigint', default: 0, transformer: bigintAsNumber },
]);

export const UsageBlockEntity = new EntitySchema<UsageBlockEntity>({
  name: 'UsageBlockEntity',
  tableName: 'usage_blocks',
  columns: {
    id: { type: 'varchar', length: 32, primary: true },
    block: { type: 'int' },
    type: { type: 'varchar', length: 40 },
    outcome: { type: 'varchar', length: 10 },
    code: { type: 'varchar', length: 40, nullable: true },
    userKey: { name: 'user_key', type: 'varchar', length: 255, nullable: true },
    isProven: { name: 'is_proven', type: 'int' },
    tokenId: { name: 'token_id', type: 'varchar', length: 12, nullable: true },
    application: { type: 'varchar', length: 64, nullable: true },
    credential: { type: 'varchar', length: 16, nullable: true },
    door: { type: 'varchar', length: 16, nullable: true },
    ...Object.fromEntries(days),
  },
  indices: [{ name: 'idx_usage_blocks_user', columns: ['userKey', 'id'] }],
});
