import { randomBytes } from 'node:crypto';
import { chownSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection, type Connection } from 'mysql2/promise';
import { freePort } from './free-port.js';
import {
  findProgram,
  privateEnvironment,
  startPrivateProcess,
  unprivilegedUser,
  waitUntilReady,
  type PrivateProcess,
} from './private-process.js';
import { createTemporaryFolder } from './temporary-folder.js';

/** A MariaDB server of one test file: own data folder, own port on 127.0.0.1, user `root` without a password. */
export type MariaDbServer = {
  readonly host: string;
  readonly port: number;
  /** The process id of the life the server is in; it changes with `restart()`. */
  readonly pid: number;
  /** The value for DATABASE_URL of a database on this server. */
  databaseUrl(name: string): string;
  /** Makes an empty utf8mb4 database with a new name and answers its URL. */
  createDatabase(): Promise<string>;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
  /** Kills the server as a crash would; its data and port stay for `restart()`. */
  kill9(): Promise<void>;
  /** Ends the server if it is running, and starts it again on the same data and port. */
  restart(): Promise<void>;
};

const HOST = '127.0.0.1';

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
  const user = unprivilegedUser();
  const folder = createTemporaryFolder('db');
  if (user !== undefined) {
    chownSync(folder.path, user.uid, user.gid);
  }
  const dataFolder = join(folder.path, 'data');
  const processOptions = { cwd: folder.path, environment: privateEnvironment(folder.path), user };
  const port = await freePort();

  const launch = async (): Promise<PrivateProcess> => {
    const child = startPrivateProcess(
      program,
      [
        '--no-defaults',
        `--datadir=${dataFolder}`,
        `--socket=${join(folder.path, 's')}`,
        `--pid-file=${join(folder.path, 'pid')}`,
        `--port=${port}`,
        `--bind-address=${HOST}`,
        '--skip-log-bin',
        '--skip-name-resolve',
        '--innodb-buffer-pool-size=32M',
        '--innodb-log-file-size=8M',
        // A commit is a completed write, not an fsync: it survives the death of the process, which is what tests cause.
        '--innodb-flush-log-at-trx-commit=2',
      ],
      processOptions,
    );
    await waitUntilReady('mariadbd', child, () => accepts(port), 30_000);
    return child;
  };

  let server: PrivateProcess;
  try {
    const installation = startPrivateProcess(
      installer,
      ['--no-defaults', `--datadir=${dataFolder}`, '--auth-root-authentication-method=normal', '--skip-test-db'],
      processOptions,
    );
    const exitCode = await installation.exited;
    if (exitCode !== 0) {
      throw new Error(`mariadb-install-db ended with ${exitCode}:\n${installation.output()}`);
    }
    server = await launch();
  } catch (error) {
    await folder.remove();
    throw error;
  }

  const databaseUrl = (name: string): string => `mysql://root@${HOST}:${port}/${name}`;
  return {
    host: HOST,
    port,
    get pid(): number {
      return server.pid;
    },
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
    async stop(): Promise<void> {
      await server.end('SIGTERM');
      await folder.remove();
    },
    async kill9(): Promise<void> {
      await server.end('SIGKILL');
    },
    async restart(): Promise<void> {
      await server.end('SIGTERM');
      server = await launch();
    },
  };
}

function connect(port: number): Promise<Connection> {
  return createConnection({ host: HOST, port, user: 'root', connectTimeout: 2_000 });
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
