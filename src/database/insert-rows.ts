import type { EntityManager, EntityTarget, ObjectLiteral } from 'typeorm';
import { Turn } from '../common/time/turn.js';
import type { QueryDeepPartialEntity } from 'typeorm/query-builder/QueryPartialEntity.js';

/** A statement with more values is refused by some databases. */
export const ROWS_IN_ONE_STATEMENT = 500;

/** So that no statement has too many values. */
export function partsOf<Item>(items: readonly Item[]): Item[][] {
  const parts: Item[][] = [];
  for (let at = 0; at < items.length; at += ROWS_IN_ONE_STATEMENT) {
    parts.push(items.slice(at, at + ROWS_IN_ONE_STATEMENT));
  }
  return parts;
}

/** For any number of rows. TypeORM would read all of them back, in a statement that SQLite refuses. */
export async function insertRows<Row extends ObjectLiteral>(
  manager: EntityManager,
  entity: EntityTarget<Row>,
  rows: readonly QueryDeepPartialEntity<Row>[],
): Promise<void> {
  const turn = new Turn(true);
  for (const part of partsOf(rows)) {
    if (turn.isDue) await turn.yield();
    await manager.createQueryBuilder().insert().into(entity).values(part).updateEntity(false).execute();
  }
}
