import { connect } from 'node:net';
import { findProgram } from './private-process.js';
import { PRIVATE_HOST, startPrivateServer, type PrivateServer } from './private-server.js';

/** A Redis server of one test file, in memory only: it is empty after a restart. */
export type RedisServer = PrivateServer & {
  /** The value for REDIS_URL. */
  readonly url: string;
};

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
  const server = await startPrivateServer({
    name: 'redis',
    program,
    argumentsFor: (folder, port) => [
      '--port',
      String(port),
      '--bind',
      PRIVATE_HOST,
      '--dir',
      folder,
      '--save',
      '',
      '--appendonly',
      'no',
    ],
    accepts: answersPing,
    readyTimeoutMs: 60_000,
  });
  return Object.assign(server, { url: `redis://${PRIVATE_HOST}:${server.port}` });
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: PRIVATE_HOST }, () => socket.write('PING\r\n'));
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(5_000, () => settle(false));
    socket.once('data', (chunk) => settle(chunk.toString('latin1').startsWith('+PONG')));
    socket.once('error', () => settle(false));
  });
}
