import { isStorableText } from '@scopegate/kernel';
import type { EntityManager, EntityTarget, FindOptionsWhere } from 'typeorm';
import type { RowLock } from './dialect/dialect.js';

/**
 * The row whose columns hold exactly these texts, or null. A collation may take `generic ` for `generic`, and `ü` for
 * `u`, so the row that comes back is compared with the texts. Use it for every key and id from outside, and write with the
 * key of the row that was found.
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
