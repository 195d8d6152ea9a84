import { isStorableText } from '@scopegate/kernel';
import type { EntityManager, EntityTarget, FindOptionsWhere } from 'typeorm';
import type { RowLock } from './dialect/dialect.js';

/**
 * Finds the row whose columns hold exactly these texts. A collation may treat `ü` and `u`, or a trailing space, as
 * equal, so the row is compared again. Use it for every key and id from outside, and write with the key of the row that
 * was found.
 * @param lock holds the row until the transaction ends
 */
export async function findExactRow<Row extends object>(
  manager: EntityManager,
  entity: EntityTarget<Row>,
  key: Partial<Readonly<Record<keyof Row & string, string>>>,
  lock: RowLock = {},
): Promise<Row | null> {
  const columns = Object.entries(key) as [keyof Row & string, string][];
  if (!columns.every(([, text]) => isStorableText(text))) return null;
  const row = await manager.findOne(entity, { where: key as FindOptionsWhere<Row>, ...lock });
  return row !== null && columns.every(([column, text]) => row[column] === text) ? row : null;
}
