import { createConnection } from 'mysql2';
import type { DatabaseConfiguration } from '../../config/database-configuration.js';
import { ConfigurationError } from '../../config/environment.reader.js';
import { isDatabaseUnavailable } from '../database-unavailable.js';
import { endSocket } from './connection-pool.js';
import type { DatabaseOpening } from './dialect.js';
import { socketOptions } from './mysql-lanes.js';

const CONNECT_TIMEOUT_MS = 5_000;

/** For the greeting, the login and the answer together. */
const VERSION_TIMEOUT_MS = 5_000;

const MISSING_RIGHTS = /^ER_(\w*ACCESS_DENIED|KILL_DENIED|OPTION_PREVENTS_STATEMENT|CANT_LOCK|READ_ONLY)\w*$/;

type ServerConfiguration = DatabaseConfiguration & { readonly kind: 'mysql' };

export function openingOfMysql(server: ServerConfiguration): DatabaseOpening {
  const { host, port, username, password, database } = server;
  return {
    async options(common) {
      return {
        ...common,
        // With TypeORM's type for MySQL, a MariaDB server seems to differ from the entities.
        type: await serverType(server),
        host,
        port,
        username,
        password,
        database,
        charset: 'utf8mb4_bin',
        timezone: 'Z',
        supportBigNumbers: true,
        bigNumberStrings: false,
        // Only for the start. Requests use other connections (ServerLanes), and these are not kept.
        poolSize: 2,
        connectTimeout: CONNECT_TIMEOUT_MS,
        // The driver would record a stack before every statement.
        trace: false,
        extra: { ...socketOptions(), maxIdle: 0, gracefulEnd: true },
      };
    },

    // A server reports that with its first statement that writes.
    requireWritable: () => undefined,

    failureText(cause, code) {
      const place = `The database "${database}" at ${host}:${port}`;
      if (MISSING_RIGHTS.test(code)) {
        return (
          `${place} refuses a statement (${code}: ${cause.message}). Give the user "${username}" all ` +
          'rights on it, and check whether the server is read-only.'
        );
      }
      if (!isDatabaseUnavailable(cause)) return null;
      return `${place} cannot be used (${code || cause.message}). Check that the server is running.`;
    },
  };
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

async function serverType(server: ServerConfiguration): Promise<'mariadb' | 'mysql'> {
  const { host, port, username, password, database } = server;
  const connection = createConnection({ host, port, user: username, password, database });
  // The question reports every error; without a listener, the event would end the process.
  connection.on('error', () => undefined);
  // The driver limits only the wait for the greeting. A frozen server would keep the start waiting after it.
  const overdue = setTimeout(() => endSocket(connection, null), VERSION_TIMEOUT_MS);
  try {
    const [rows] = await connection.promise().query('SELECT VERSION() AS version, @@sql_mode AS mode');
    const [row] = rows as { version: string; mode: string }[];
    // The driver escapes by backslashes (sqlstring's own): with this mode, a text could end its literal.
    if (String(row?.mode).includes('NO_BACKSLASH_ESCAPES')) throw new UnsafeModeError();
    const version = String(row?.version);
    return version.toLowerCase().includes('mariadb') ? 'mariadb' : 'mysql';
  } catch (error) {
    if (error instanceof UnsafeModeError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
    throw new ConfigurationError(
      `The database at ${host}:${port} cannot be used (${code}). Check DATABASE_URL, and that the server is running.`,
    );
  } finally {
    clearTimeout(overdue);
    connection.end(() => undefined);
  }
}
