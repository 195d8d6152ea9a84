import { chownSync } from 'node:fs';
import { freePort } from './free-port.js';
import {
  privateEnvironment,
  startPrivateProcess,
  unprivilegedUser,
  waitUntilReady,
  type PrivateProcess,
  type PrivateProcessOptions,
} from './private-process.js';
import { createTemporaryFolder } from './temporary-folder.js';

/** A server of one test file: own folder, own port on 127.0.0.1. */
export type PrivateServer = {
  readonly host: string;
  readonly port: number;
  /** The process id of the life the server is in; it changes with `restart()`. */
  readonly pid: number;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
  /** Kills the server as a crash would; its folder and port stay for `restart()`. */
  kill9(): Promise<void>;
  /** Ends the server if it is running, and starts it again on the same folder and port. */
  restart(): Promise<void>;
};

/** What a server is. */
export type PrivateServerKind = {
  readonly name: string;
  readonly program: string;
  argumentsFor(folder: string, port: number): readonly string[];
  accepts(port: number): Promise<boolean>;
  readonly readyTimeoutMs: number;
  /** Done once, before the first start. */
  prepare?(folder: string, options: PrivateProcessOptions): Promise<void>;
};

export const PRIVATE_HOST = '127.0.0.1';

/**
 * Starts a server as an unprivileged user.
 * @throws Error when it does not start; the message holds its output
 */
export async function startPrivateServer(kind: PrivateServerKind): Promise<PrivateServer> {
  const user = unprivilegedUser();
  const folder = createTemporaryFolder(kind.name);
  if (user !== undefined) chownSync(folder.path, user.uid, user.gid);
  const options = { cwd: folder.path, environment: privateEnvironment(folder.path), user };
  const port = await freePort();

  const launch = async (): Promise<PrivateProcess> => {
    const child = startPrivateProcess(kind.program, kind.argumentsFor(folder.path, port), options);
    await waitUntilReady(kind.name, child, () => kind.accepts(port), kind.readyTimeoutMs);
    return child;
  };

  let server: PrivateProcess;
  try {
    await kind.prepare?.(folder.path, options);
    server = await launch();
  } catch (error) {
    await folder.remove();
    throw error;
  }
  return {
    host: PRIVATE_HOST,
    port,
    get pid(): number {
      return server.pid;
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
