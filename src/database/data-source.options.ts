import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import libsql from 'libsql';
import { createConnection } from 'mysql2/promise';
import type { DataSourceOptions } from 'typeorm';
import { ConfigurationError, type DatabaseConfiguration } from '../config/env.js';
import { MIGRATIONS } from './migrations/index.js';

/** How long a start waits for the server's greeting. */
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * So long does a statement wait for the lock of the SQLite file, which a backup or another tool may hold. SQLite waits in
 * the thread that serves the requests, and none of them may wait for more than two seconds (R81).
 */
export const SQLITE_BUSY_TIMEOUT_MS = 1_000;

/** A class with the decorators of an entity. */
export type EntityClass = new () => object;

/**
 * The options of the data source, for the server, the migrations and the tests alike.
 * A MariaDB server gets TypeORM's own type for it: with the one for MySQL it sees differences that are none.
 * @throws ConfigurationError where the MySQL or MariaDB server cannot be reached
 */
export async function dataSourceOptions(
  database: DatabaseConfiguration,
  entities: readonly EntityClass[],
): Promise<DataSourceOptions> {
  const common = {
    entities: [...entities],
    migrations: MIGRATIONS,
    migrationsTableName: 'schema_migrations',
    migrationsTransactionMode: 'each' as const,
    synchronize: false,
    logging: false,
  } satisfies Partial<DataSourceOptions>;
  if (database.kind === 'sqlite') {
    mkdirSync(dirname(database.file), { recursive: true, mode: 0o700 });
    return {
      ...common,
      type: 'better-sqlite3',
      database: database.file,
      driver: libsql,
      enableWAL: true,
      prepareDatabase: (connection: { pragma(text: string): unknown }) => {
        connection.pragma(`busy_timeout = ${SQLITE_BUSY_TIMEOUT_MS}`);
        connection.pragma('synchronous = NORMAL');
      },
    };
  }
  return {
    ...common,
    type: await serverType(database),
    host: database.host,
    port: database.port,
    username: database.username,
    password: database.password,
    database: database.database,
    charset: 'utf8mb4_bin',
    timezone: 'Z',
    supportBigNumbers: true,
    bigNumberStrings: false,
    // For the start alone: what serves requests has connections of its own (DatabaseLanes), and these are not kept.
    poolSize: 2,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // The driver would write down a stack before every statement, for the one that may fail.
    trace: false,
    extra: { ...socketOptions(), maxIdle: 0, gracefulEnd: true },
  };
}

/** What every socket to a database server is set to: the system finds out by itself that the other end is gone. */
export function socketOptions(): { readonly enableKeepAlive: boolean; readonly keepAliveInitialDelay: number } {
  return { enableKeepAlive: true, keepAliveInitialDelay: 10_000 };
}

/**
 * What a new connection is told: how long the server works or waits on one statement, since it goes on with it when
 * the connection is given up here; and for how long it keeps the locks of a transaction whose node has gone. The first
 * statement that the server knows all variables of is the one that counts.
 */
export function sessionStatements(type: DataSourceOptions['type'], timeoutMs: number): readonly string[] {
  const seconds = Math.ceil(timeoutMs / 1000);
  const waits = `SET SESSION lock_wait_timeout = ${seconds}, innodb_lock_wait_timeout = ${seconds}`;
  return type === 'mariadb'
    ? [`${waits}, max_statement_time = ${seconds}, idle_transaction_timeout = ${seconds + 5}`, waits]
    : [`${waits}, max_execution_time = ${seconds * 1000}`, waits];
}

/** The server reads backslashes in a way in which no value can be sent to it safely. */
class UnsafeModeError extends ConfigurationError {
  constructor() {
    super(
      'The sql_mode of the database server contains NO_BACKSLASH_ESCAPES. Texts cannot be sent safely with it. ' +
        'Remove it from sql_mode.',
    );
  }
}

async function serverType(database: DatabaseConfiguration & { kind: 'mysql' }): Promise<'mariadb' | 'mysql'> {
  const { host, port, username, password } = database;
  try {
    const connection = await createConnection({
      host,
      port,
      user: username,
      password,
      database: database.database,
      connectTimeout: CONNECT_TIMEOUT_MS,
    });
    try {
      const [rows] = await connection.query('SELECT VERSION() AS version, @@sql_mode AS mode');
      const [row] = rows as { version: string; mode: string }[];
      // The driver escapes by backslashes (sqlstring's own): with this mode, a text could end its literal.
      if (String(row?.mode).includes('NO_BACKSLASH_ESCAPES')) throw new UnsafeModeError();
      const version = String(row?.version);
      return version.toLowerCase().includes('mariadb') ? 'mariadb' : 'mysql';
    } finally {
      await connection.end();
    }
  } catch (error) {
    if (error instanceof UnsafeModeError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
    throw new ConfigurationError(
      `The database at ${host}:${port} cannot be used (${code}). Check DATABASE_URL, and that the server is running.`,
    );
  }
}
