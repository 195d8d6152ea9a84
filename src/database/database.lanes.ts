import type { Connection, ConnectionOptions } from 'mysql2';
import { DataSource, type EntityManager } from 'typeorm';
import { ConnectionPool } from './connection.pool.js';
import { sessionStatements, socketOptions } from './data-source.options.js';
import { LANES, type Lane, type LaneRule } from './lane.rules.js';
import { TimeLimit } from './time.limit.js';
import { TurnQueue } from './turn.queue.js';

/** Which connections something uses, and how long its caller waits. */
export interface DatabaseUse {
  /** The management API's by default. */
  readonly lane?: Lane;
  /** In milliseconds; that of the lane by default. */
  readonly timeoutMs?: number;
}

/** Something done with the database, on one connection. */
export type DatabaseWork<Result> = (manager: EntityManager) => Promise<Result>;

/** The ways to the database of one process. What is not answered in time fails, and holds nothing any more (R81). */
export interface DatabaseLanes {
  /** For reads: sees what is stored, and nobody's unfinished transaction. */
  read<Result>(use: DatabaseUse, work: DatabaseWork<Result>): Promise<Result>;
  /** For a transaction. */
  write<Result>(use: DatabaseUse, work: DatabaseWork<Result>): Promise<Result>;
  /** Ends the connections that are not in use. What is asked afterwards is still answered. */
  close(): Promise<void>;
}

/** The lanes to the database of a data source. */
export function lanesTo(dataSource: DataSource): DatabaseLanes {
  return dataSource.options.type === 'better-sqlite3' ? new SqliteLanes(dataSource) : new ServerLanes(dataSource);
}

function limitOf({ lane = 'management', timeoutMs }: DatabaseUse): TimeLimit {
  return new TimeLimit(timeoutMs ?? LANES[lane].timeoutMs);
}

/** To a MySQL or MariaDB server: connections for each lane. */
class ServerLanes implements DatabaseLanes {
  readonly #lanes: Readonly<Record<Lane, { readonly turns: TurnQueue; readonly pool: ConnectionPool }>>;

  constructor(private readonly dataSource: DataSource) {
    const options = driverOptions(dataSource);
    const open = ({ connections, waiting, timeoutMs }: LaneRule): { turns: TurnQueue; pool: ConnectionPool } => ({
      turns: new TurnQueue(connections, waiting),
      // Where one connection has fallen silent, the others have as a rule.
      pool: new ConnectionPool(options, sessionStatements(dataSource.options.type, timeoutMs), () =>
        this.#forgetIdle(),
      ),
    });
    this.#lanes = {
      judging: open(LANES.judging),
      changes: open(LANES.changes),
      journal: open(LANES.journal),
      management: open(LANES.management),
      lists: open(LANES.lists),
    };
  }

  /** A connection may be lost at the moment it is used. A read changes nothing, so it is made once more on another one. */
  async read<Result>(use: DatabaseUse, work: DatabaseWork<Result>): Promise<Result> {
    const limit = limitOf(use);
    try {
      return await this.#use(use, work, limit);
    } catch (error) {
      if (limit.leftMs === 0 || !isConnectionLost(driverError(error))) throw error;
      // The others that wait may be lost as well.
      this.#forgetIdle();
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

  #forgetIdle(): void {
    for (const { pool } of Object.values(this.#lanes)) pool.forgetIdle();
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
    // TypeORM takes a connection from its own pool where it has none; its pool knows no limit and no lanes.
    Object.assign(runner, { databaseConnection: connection });
    let failure: unknown = null;
    try {
      return await limit.answer(work(runner.manager), () => pool.destroy(connection, null));
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      // A rollback that could not be made leaves locks behind.
      if (runner.isTransactionActive) pool.destroy(connection, failure);
      else pool.giveBack(connection, driverError(failure));
      // What goes on in spite of its limit must not get at a connection that another one has by now.
      Object.assign(runner, { isReleased: true });
    }
  }
}

/**
 * To SQLite, which works in this process and this thread. One connection writes: its transactions follow one another.
 * Another one reads, and sees what is committed, so that no look-up waits for a transaction.
 */
class SqliteLanes implements DatabaseLanes {
  readonly #turns = new TurnQueue(1, Number.MAX_SAFE_INTEGER);
  readonly #lists = new TurnQueue(LANES.lists.connections, LANES.lists.waiting);
  #reader: Promise<DataSource> | null = null;
  #isClosed = false;

  constructor(private readonly dataSource: DataSource) {}

  async read<Result>(use: DatabaseUse, work: DatabaseWork<Result>): Promise<Result> {
    if (this.#isClosed) return this.write(use, work);
    const { manager } = await this.#reading();
    if (use.lane !== 'lists') return work(manager);
    await this.#lists.take(limitOf(use));
    try {
      return await work(manager);
    } finally {
      this.#lists.release();
    }
  }

  async write<Result>(use: DatabaseUse, work: DatabaseWork<Result>): Promise<Result> {
    await this.#turns.take(limitOf(use));
    try {
      return await work(this.dataSource.manager);
    } finally {
      this.#turns.release();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const reader = this.#reader;
    this.#reader = null;
    await (await reader)?.destroy();
  }

  #reading(): Promise<DataSource> {
    this.#reader ??= openReader(this.dataSource).catch((error: unknown) => {
      this.#reader = null;
      throw error;
    });
    return this.#reader;
  }
}

function openReader({ options }: DataSource): Promise<DataSource> {
  if (options.type !== 'better-sqlite3') throw new Error('Only SQLite has a connection for reading.');
  const { prepareDatabase } = options;
  return new DataSource({
    ...options,
    prepareDatabase: async (connection: { pragma(text: string): unknown }) => {
      await prepareDatabase?.(connection);
      connection.pragma('query_only = ON');
    },
  }).initialize();
}

/** What TypeORM gives its own connections, and what this process asks of every socket to the server. */
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

/** The other end has closed or reset a connection that was open. */
function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : null;
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'PROTOCOL_CONNECTION_LOST') return true;
  // The driver's error without a code, where it has noticed already.
  return error.message.includes('closed state');
}

function driverError(error: unknown): unknown {
  return error instanceof Error && 'driverError' in error ? error.driverError : error;
}
