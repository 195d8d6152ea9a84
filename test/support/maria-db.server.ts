import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createConnection, type Connection } from 'mysql2/promise';
import { findProgram, startPrivateProcess } from './private-process.js';
import { PRIVATE_HOST, startPrivateServer, type PrivateServer } from './private-server.js';

/** A MariaDB server of one test file, with the user `root` without a password. */
export type MariaDbServer = PrivateServer & {
  /** The value for DATABASE_URL of a database on this server. */
  databaseUrl(name: string): string;
  /** Makes an empty utf8mb4 database with a new name and answers its URL. */
  createDatabase(): Promise<string>;
};

/** Whether both programs that `startMariaDb` needs are installed. */
export function isMariaDbAvailable(): boolean {
  return findProgram('mariadbd') !== undefined && findProgram('mariadb-install-db') !== undefined;
}

/**
 * Starts a private MariaDB server; it takes about two seconds.
 * @throws Error when it is not installed or does not start; the message holds its output
 */
export async function startMariaDb(): Promise<MariaDbServer> {
  const program = findProgram('mariadbd');
  const installer = findProgram('mariadb-install-db');
  if (program === undefined || installer === undefined) {
    throw new Error('mariadbd and mariadb-install-db are not on the PATH.');
  }
  const server = await startPrivateServer({
    name: 'mariadb',
    program,
    argumentsFor: (folder, port) => [
      '--no-defaults',
      `--datadir=${join(folder, 'data')}`,
      `--socket=${join(folder, 's')}`,
      `--pid-file=${join(folder, 'pid')}`,
      `--port=${port}`,
      `--bind-address=${PRIVATE_HOST}`,
      '--skip-log-bin',
      '--skip-name-resolve',
      '--innodb-buffer-pool-size=32M',
      '--innodb-log-file-size=8M',
      // A commit is a completed write, not an fsync: it survives the death of the process, which is what tests cause.
      '--innodb-flush-log-at-trx-commit=2',
    ],
    accepts,
    readyTimeoutMs: 60_000,
    async prepare(folder, options) {
      const installation = startPrivateProcess(
        installer,
        [
          '--no-defaults',
          `--datadir=${join(folder, 'data')}`,
          '--auth-root-authentication-method=normal',
          '--skip-test-db',
        ],
        options,
      );
      const exitCode = await installation.exited;
      if (exitCode !== 0) throw new Error(`mariadb-install-db ended with ${exitCode}:\n${installation.output()}`);
    },
  });
  const { port } = server;
  const databaseUrl = (name: string): string => `mysql://root@${PRIVATE_HOST}:${port}/${name}`;
  return Object.assign(server, {
    databaseUrl,
    async createDatabase(): Promise<string> {
      const name = `scopegate_${randomBytes(6).toString('hex')}`;
      const connection = await connect(port);
      try {
        await connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
      } finally {
        await connection.end();
      }
      return databaseUrl(name);
    },
  });
}

function connect(port: number): Promise<Connection> {
  return createConnection({ host: PRIVATE_HOST, port, user: 'root', connectTimeout: 10_000 });
}

async function accepts(port: number): Promise<boolean> {
  try {
    const connection = await connect(port);
    await connection.end();
    return true;
  } catch {
    return false;
  }
}
