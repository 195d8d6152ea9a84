import type { EntityManager } from 'typeorm';

/** What a find is given to hold its rows until the transaction ends. */
export interface RowLock {
  readonly lock?: { readonly mode: 'pessimistic_write' };
}

const HELD: RowLock = { lock: { mode: 'pessimistic_write' } };
const NONE: RowLock = {};

/**
 * Options that make a find read the newest row and hold it (`SELECT … FOR UPDATE`), so that two transactions decide
 * one after the other: `manager.findOne(Entity, { where, ...rowLock(manager) })`. SQLite knows no such lock and needs
 * none, because its units of work take turns.
 */
export function rowLock(manager: EntityManager): RowLock {
  return manager.dataSource.options.type === 'better-sqlite3' ? NONE : HELD;
}
