import type { EntityManager } from 'typeorm';
import type { RowLock } from './dialect/dialect.js';
import { dialectOf } from './dialect/index.js';

/**
 * `SELECT … FOR UPDATE`, so two transactions decide in turn: `manager.findOne(Entity, { where, ...rowLock(manager) })`.
 */
export function rowLock(manager: EntityManager): RowLock {
  return dialectOf(manager.dataSource).rowLock;
}
