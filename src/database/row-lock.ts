import type { EntityManager } from 'typeorm';
import type { RowLock } from './dialect/dialect.js';
import { dialectOf } from './dialect/index.js';

/**
 * Options of a find that read the newest row and hold it (`SELECT … FOR UPDATE`), so that two transactions decide one
 * after the other: `manager.findOne(Entity, { where, ...rowLock(manager) })`.
 */
export function rowLock(manager: EntityManager): RowLock {
  return dialectOf(manager.dataSource).rowLock;
}
