import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import libsql from 'libsql';
import { createConnection } from 'mysql2/promise';
import type { DataSourceOptions } from 'typeorm';
import { ConfigurationError, type DatabaseConfiguration } from '../config/env.js';
import { MIGRATIONS } from './migrations/index.js';

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
        // A second process on the same file (a migration, a backup) waits for the lock instead of failing at once.
        connection.pragma('busy_timeout = 5000');
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
    poolSize: 10,
    connectTimeout: 5_000,
    // The driver would write down a stack before every statement, for the one that may fail.
    trace: false,
  };
}

/** The server reads backslashes in a way in which no value can be sent to it safely. */
class UnsafeModeError extends ConfigurationError {
  constructor() {
    super(
      'The database server has NO_BACKSLASH_ESCAPES in its sql_mode, with which texts cannot be sent to it safely. Take it out of sql_mode.',
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
      connectTimeout: 5_000,
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
