import type { EntityManager } from 'typeorm';
import type { RowLock } from './dialect/dialect.js';
import { dialectOf } from './dialect/index.js';

/**
 * Options that make a find read the newest row and hold it (`SELECT … FOR UPDATE`), so that two transactions decide
 * one after the other: `manager.findOne(Entity, { where, ...rowLock(manager) })`. SQLite knows no such lock and needs
 * none, because its units of work take turns.
 */
export function rowLock(manager: EntityManager): RowLock {
  return dialectOf(manager.dataSource).rowLock;
}
