import { chownSync } from 'node:fs';
import { connect } from 'node:net';
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

/** A Redis server of one test file, in memory only, on its own port on 127.0.0.1. */
export type RedisServer = {
  readonly host: string;
  readonly port: number;
  /** The process id of the life the server is in; it changes with `restart()`. */
  readonly pid: number;
  /** The value for REDIS_URL. */
  readonly url: string;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
  /** Kills the server as a crash would; the port stays for `restart()`. */
  kill9(): Promise<void>;
  /** Ends the server if it is running, and starts an empty one on the same port. */
  restart(): Promise<void>;
};

const HOST = '127.0.0.1';

/** Whether `redis-server` is installed. */
export function isRedisAvailable(): boolean {
  return findProgram('redis-server') !== undefined;
}

/**
 * Starts a private Redis server.
 * @throws Error when it is not installed or does not start; the message holds its output
 */
export async function startRedis(): Promise<RedisServer> {
  const program = findProgram('redis-server');
  if (program === undefined) {
    throw new Error('redis-server is not on the PATH.');
  }
  const user = unprivilegedUser();
  const folder = createTemporaryFolder('redis');
  if (user !== undefined) {
    chownSync(folder.path, user.uid, user.gid);
  }
  const port = await freePort();

  const launch = async (): Promise<PrivateProcess> => {
    const child = startPrivateProcess(
      program,
      ['--port', String(port), '--bind', HOST, '--dir', folder.path, '--save', '', '--appendonly', 'no'],
      { cwd: folder.path, environment: privateEnvironment(folder.path), user },
    );
    await waitUntilReady('redis-server', child, () => answersPing(port), 10_000);
    return child;
  };

  let server: PrivateProcess;
  try {
    server = await launch();
  } catch (error) {
    await folder.remove();
    throw error;
  }
  return {
    host: HOST,
    port,
    get pid(): number {
      return server.pid;
    },
    url: `redis://${HOST}:${port}`,
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

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: HOST }, () => socket.write('PING\r\n'));
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => settle(false));
    socket.once('data', (chunk) => settle(chunk.toString('latin1').startsWith('+PONG')));
    socket.once('error', () => settle(false));
  });
}
