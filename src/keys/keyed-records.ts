import type { EntityManager } from 'typeorm';

/** How many records rest on each key, by the id of the key. */
export type KeyCounts = ReadonlyMap<number, number>;

/** Stored records that are useless without their key. */
export interface KeyedRecords {
  /** Of the table. Before the migrations of a start, it may not exist. */
  readonly entity: new () => object;
  count(manager: EntityManager): Promise<KeyCounts>;
}

export async function countUses(manager: EntityManager, records: readonly KeyedRecords[]): Promise<KeyCounts> {
  const sum = new Map<number, number>();
  for (const record of records) {
    for (const [id, count] of await record.count(manager)) sum.set(id, (sum.get(id) ?? 0) + count);
  }
  return sum;
}
