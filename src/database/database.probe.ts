import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { SQLITE_BUSY_TIMEOUT_MS } from './data-source.options.js';
import { UnitOfWork } from './unit-of-work.js';

/** A lock that lasts longer than this is in the way of requests. */
const LOCK_WAIT_SECONDS = 1;

/** SQLite waits in the thread of the requests. */
const SQLITE_LOCK_WAIT_MS = 250;

/**
 * Finds out whether the database takes what requests write. An answer to a read does not tell: a server can be
 * read-only, or a backup can have locked the tables.
 */
@Injectable()
export class DatabaseProbe {
  readonly #ask: (manager: EntityManager) => Promise<unknown>;
  #running: Promise<void> | null = null;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    dataSource: DataSource,
  ) {
    const { type } = dataSource.options;
    const statement = type === 'better-sqlite3' ? null : writeOfNothing(dataSource, type === 'mariadb');
    this.#ask = (manager) => (statement === null ? writeNothingOnSqlite(manager) : manager.query(statement));
  }

  /**
   * Resolves where every table can be written, and changes nothing. Callers share one question: one that a lock holds up
   * keeps a single connection.
   * @throws Error of the database where it refuses
   */
  check(): Promise<void> {
    this.#running ??= this.unitOfWork
      .run(({ manager }) => this.#ask(manager), { lane: 'changes' })
      .then(() => undefined)
      .finally(() => (this.#running = null));
    return this.#running;
  }
}

/** An UPDATE of all tables that finds no row: it needs the same rights and locks as one that does. */
function writeOfNothing(dataSource: DataSource, isMariaDb: boolean): string {
  const tables = dataSource.entityMetadatas.map(({ tableName, primaryColumns }) => ({
    table: `\`${tableName}\``,
    column: `\`${tableName}\`.\`${primaryColumns[0]?.databaseName ?? 'id'}\``,
  }));
  const [before, hint] = isMariaDb
    ? [`SET STATEMENT lock_wait_timeout = ${LOCK_WAIT_SECONDS} FOR `, '']
    : ['', `/*+ SET_VAR(lock_wait_timeout = ${LOCK_WAIT_SECONDS}) */ `];
  return (
    `${before}UPDATE ${hint}${tables.map(({ table }) => table).join(', ')} ` +
    `SET ${tables.map(({ column }) => `${column} = ${column}`).join(', ')} WHERE 1 = 0`
  );
}

/** Takes the lock of the file, since every writer needs it. */
async function writeNothingOnSqlite(manager: EntityManager): Promise<void> {
  await manager.query(`PRAGMA busy_timeout = ${SQLITE_LOCK_WAIT_MS}`);
  try {
    await manager.query('UPDATE nodes SET id = id WHERE 1 = 0');
  } finally {
    await manager.query(`PRAGMA busy_timeout = ${SQLITE_BUSY_TIMEOUT_MS}`);
  }
}
