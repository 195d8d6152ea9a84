import type { ObjectLiteral, QueryDeepPartialEntity } from 'typeorm';
import type { Unit } from '../database/unit-of-work.js';
import type { KeyedRecords } from './keyed-records.js';
import { keyIdOf, prefixOfKey, type SecretBox } from './secret-box.js';

/** Few rows in one transaction, so that its locks are short. */
export const RESEAL_BATCH_SIZE = 100;

export interface ResealedBatch {
  readonly moved: number;
  /** Rows that no key opens. The next batch leaves out as many. */
  readonly unreadable: number;
  readonly hasMore: boolean;
}

/** What a module stores that a `SecretBox` has sealed. */
export interface SealedRecords extends KeyedRecords {
  /**
   * Seals some rows with the newest key that rest on another one.
   * @param skipped rows at the start, which no key opens
   */
  resealBatch(unit: Unit, box: SecretBox, skipped: number): Promise<ResealedBatch>;
}

interface SealedColumn<Row> {
  readonly entity: new () => Row;
  /** Holds one sealed text, or null. */
  readonly column: keyof Row & string;
  readonly contextOf: (row: Row) => string;
}

/** A table with a column of sealed texts. What is in memory stays right: the secrets are the same. */
export function sealedColumn<Row extends ObjectLiteral>(sealed: SealedColumn<Row>): SealedRecords {
  const { entity, column } = sealed;
  return {
    entity,
    count: async (manager) => {
      const text = `record.${column}`;
      // "v2.7" of "v2.7.…", and "v1" of "v1.…".
      const rows = await manager
        .createQueryBuilder(entity, 'record')
        .select(`SUBSTR(${text}, 1, INSTR(SUBSTR(${text}, 4), '.') + 2)`, 'start')
        .addSelect('COUNT(*)', 'records')
        .where(`${text} IS NOT NULL`)
        .groupBy('start')
        .getRawMany<{ start: string; records: number | string }>();
      const counts = new Map<number, number>();
      for (const { start, records } of rows) addCount(counts, keyIdOf(`${start}.`), Number(records));
      return counts;
    },
    resealBatch: async (unit, box, skipped) => {
      const { manager } = unit;
      const primary = manager.dataSource.getMetadata(entity).primaryColumns.map(({ propertyName }) => propertyName);
      const query = manager
        .createQueryBuilder(entity, 'record')
        .where(`record.${column} NOT LIKE :newest`, { newest: `${prefixOfKey(box.newestKeyId)}%` });
      for (const name of primary) query.addOrderBy(`record.${name}`);
      const rows = await query.skip(skipped).take(RESEAL_BATCH_SIZE).getMany();
      let moved = 0;
      let unreadable = 0;
      for (const row of rows) {
        const before: string = row[column];
        const after = box.reseal(before, sealed.contextOf(row));
        if (after === null) {
          unreadable += 1;
          continue;
        }
        // Another request may have changed it since it was read.
        const names = [...primary, column];
        const where = Object.fromEntries(names.map((name) => [name, row[name] as unknown]));
        const change = { [column]: after } as unknown as QueryDeepPartialEntity<Row>;
        const { affected } = await manager.update(entity, where, change);
        moved += affected ?? 0;
      }
      return { moved, unreadable, hasMore: rows.length === RESEAL_BATCH_SIZE };
    },
  };
}

/** @param id null is not counted: it is no sealed value */
export function addCount(counts: Map<number, number>, id: number | null, count = 1): void {
  if (id !== null) counts.set(id, (counts.get(id) ?? 0) + count);
}
