import type { Connection, ConnectionOptions } from 'mysql2';
import type { DataSource } from 'typeorm';
import { limitOf, type DatabaseLanes, type DatabaseUse, type DatabaseWork } from '../database-lanes.js';
import { driverErrorOf } from '../driver-error.js';
import { LANES, type Lane, type LaneRule } from '../lane-rules.js';
import type { TimeLimit } from '../time-limit.js';
import { TurnQueue } from '../turn-queue.js';
import { ConnectionPool } from './connection-pool.js';

export function isMariaDb({ options }: DataSource): boolean {
  return options.type === 'mariadb';
}

export class ServerLanes implements DatabaseLanes {
  readonly #lanes: Readonly<Record<Lane, { readonly turns: TurnQueue; readonly pool: ConnectionPool }>>;

  constructor(private readonly dataSource: DataSource) {
    const options = driverOptions(dataSource);
    const open = ({ connections, waiting, timeoutMs }: LaneRule): { turns: TurnQueue; pool: ConnectionPool } => ({
      turns: new TurnQueue(connections, waiting),
      // If one connection has become silent, the others usually have as well.
      pool: new ConnectionPool(options, sessionStatements(dataSource, timeoutMs), () => this.#destroyIdle()),
    });
    this.#lanes = {
      judging: open(LANES.judging),
      changes: open(LANES.changes),
      journal: open(LANES.journal),
      management: open(LANES.management),
      lists: open(LANES.lists),
    };
  }

  /** A read changes nothing, so if its connection is lost, it is repeated once on another one. */
  async read<Result>(use: DatabaseUse, work: DatabaseWork<Result>): Promise<Result> {
    const limit = limitOf(use);
    try {
      return await this.#use(use, work, limit);
    } catch (error) {
      if (limit.leftMs === 0 || !isConnectionLost(driverErrorOf(error))) throw error;
      this.#destroyIdle();
      return this.#use(use, work, limit);
    }
  }

  write<Result>(use: DatabaseUse, work: DatabaseWork<Result>): Promise<Result> {
    return this.#use(use, work);
  }

  close(): Promise<void> {
    for (const { pool } of Object.values(this.#lanes)) pool.close();
    return Promise.resolve();
  }

  #destroyIdle(): void {
    for (const { pool } of Object.values(this.#lanes)) pool.destroyIdle();
  }

  async #use<Result>(use: DatabaseUse, work: DatabaseWork<Result>, limit = limitOf(use)): Promise<Result> {
    const { turns, pool } = this.#lanes[use.lane ?? 'management'];
    await turns.take(limit);
    try {
      const connection = await pool.take(limit);
      return await this.#workOn(connection, pool, limit, work);
    } finally {
      turns.release();
    }
  }

  async #workOn<Result>(
    connection: Connection,
    pool: ConnectionPool,
    limit: TimeLimit,
    work: DatabaseWork<Result>,
  ): Promise<Result> {
    const runner = this.dataSource.createQueryRunner();
    // Without a connection, TypeORM takes one from its own pool, which has no limit and no lanes.
    Object.assign(runner, { databaseConnection: connection });
    let failure: unknown = null;
    try {
      return await limit.answer(work(runner.manager), () => pool.destroy(connection, null));
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      // A rollback that failed leaves locks behind.
      if (runner.isTransactionActive) pool.destroy(connection, failure);
      else pool.giveBack(connection, driverErrorOf(failure));
      // Work that continues after its limit must not reach a connection that another caller has by now.
      Object.assign(runner, { isReleased: true });
    }
  }
}

/** For every socket to a server: the system detects by itself that the other end has disappeared. */
export function socketOptions(): { readonly enableKeepAlive: boolean; readonly keepAliveInitialDelay: number } {
  return { enableKeepAlive: true, keepAliveInitialDelay: 10_000 };
}

/**
 * Limits how long the server works or waits on a statement, because it continues after the connection is destroyed
 * here, and how long it keeps the locks of a node that is gone. The first statement whose variables the
 * server has is used.
 */
function sessionStatements(dataSource: DataSource, timeoutMs: number): readonly string[] {
  const seconds = Math.ceil(timeoutMs / 1000);
  const waits = `SET SESSION lock_wait_timeout = ${seconds}, innodb_lock_wait_timeout = ${seconds}`;
  return isMariaDb(dataSource)
    ? [`${waits}, max_statement_time = ${seconds}, idle_transaction_timeout = ${seconds + 5}`, waits]
    : [`${waits}, max_execution_time = ${seconds * 1000}`, waits];
}

function driverOptions({ options }: DataSource): ConnectionOptions {
  if (options.type !== 'mariadb' && options.type !== 'mysql') throw new Error(`${options.type} has no lanes.`);
  const { host, port, username, password, database, charset, timezone } = options;
  return {
    ...socketOptions(),
    ...definedOnly({ host, port, user: username, password, database, charset, timezone }),
    supportBigNumbers: options.supportBigNumbers ?? true,
    bigNumberStrings: options.bigNumberStrings ?? true,
    stringifyObjects: true,
    trace: false,
  };
}

function definedOnly(values: Readonly<Record<string, string | number | undefined>>): ConnectionOptions {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : null;
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'PROTOCOL_CONNECTION_LOST') return true;
  // The driver reports it without a code if it has already noticed.
  return error.message.includes('closed state');
}
