import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { privateEnvironment, startPrivateProcess, waitUntilReady } from './private-process.js';
import { ensureBuilt, SERVER_PROGRAM } from './project-build.js';
import { createTemporaryFolder } from './temporary-folder.js';

export type ScopegateOptions = {
  /** Added to the configuration; what is given here wins. Nothing of the environment of the tests gets through. */
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments for the server's program. */
  readonly args?: readonly string[];
  /** Arguments for Node itself, such as a limit of memory. */
  readonly nodeArgs?: readonly string[];
  /** Also opens the management port, on a free port. */
  readonly management?: boolean;
  /** The SCOPEGATE_DATA_DIR to use and to leave; by default a new one, which `stop()` removes. */
  readonly dataFolder?: string;
  readonly port?: number;
  /** Default 60,000. */
  readonly startTimeoutMs?: number;
};

/** A built server of one test, in a process, a folder and on a port of its own. */
export type ScopegateProcess = {
  readonly url: string;
  readonly port: number;
  /** Where `/api`, `/docs` and `/metrics` answer, when that is another port. */
  readonly managementUrl: string | undefined;
  /** The password of the user `admin`, if the database had no user before. */
  readonly adminPassword: string;
  readonly pid: number;
  readonly dataFolder: string;
  /** Everything written so far. */
  output(): string;
  /** The lines of the log so far, those that are JSON. */
  readonly logs: readonly Readonly<Record<string, unknown>>[];
  hasExited(): boolean;
  /** Stops reading what it writes. */
  closeOutput(): void;
  /** Leaves unread what it writes from now on. */
  stallOutput(): void;
  /** Sends SIGTERM, waits for the end and answers the exit code. A second call answers the same. */
  stop(): Promise<number>;
  /** Kills it as a crash would. The data folder stays, for a start with the same one; `stop()` removes one of its own. */
  kill9(): Promise<void>;
};

/** The secrets that a start on MySQL needs; nodes that share a database share them. */
export type ScopegateSecrets = {
  readonly SCOPEGATE_TOKEN_PEPPER: string;
  readonly SCOPEGATE_ENCRYPTION_KEY: string;
};

const HOST = '127.0.0.1';

/** New random secrets of 32 bytes each, in base64. */
export function createSecrets(): ScopegateSecrets {
  return {
    SCOPEGATE_TOKEN_PEPPER: randomBytes(32).toString('base64'),
    SCOPEGATE_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  };
}

/**
 * Starts the built server (building it first where that is needed) and waits until it is ready.
 * @throws Error with its output when it ends or is not ready in time
 */
export async function startScopegate(options: ScopegateOptions = {}): Promise<ScopegateProcess> {
  await ensureBuilt();
  const folder = createTemporaryFolder('node');
  const port = options.port ?? (await freePort());
  const managementPort = options.management === true ? await freePort() : undefined;
  const dataFolder = options.dataFolder ?? join(folder.path, 'data');
  const adminPassword = options.env?.['SCOPEGATE_ADMIN_PASSWORD'] ?? randomBytes(12).toString('hex');
  const databaseUrl = options.env?.['DATABASE_URL'] ?? `sqlite:${join(dataFolder, 'scopegate.sqlite')}`;
  const environment: Record<string, string> = {
    ...privateEnvironment(folder.path),
    HOST,
    PORT: String(port),
    SCOPEGATE_DATA_DIR: dataFolder,
    // No load balancer looks elsewhere meanwhile: a test that is about draining sets it.
    SCOPEGATE_DRAIN_MS: '0',
    SCOPEGATE_ADMIN_PASSWORD: adminPassword,
    DATABASE_URL: databaseUrl,
    ...(databaseUrl.startsWith('mysql:') ? createSecrets() : {}),
    ...(managementPort === undefined ? {} : { SCOPEGATE_MANAGEMENT_PORT: String(managementPort) }),
    ...options.env,
  };
  const child = startPrivateProcess(
    process.execPath,
    [...(options.nodeArgs ?? []), SERVER_PROGRAM, ...(options.args ?? [])],
    // The working folder is not the project's, so that nothing works by chance of where it was started.
    { cwd: folder.path, environment },
  );
  const url = `http://${HOST}:${port}`;
  try {
    await waitUntilReady('The server', child, () => isReady(url), options.startTimeoutMs ?? 120_000);
  } catch (error) {
    await folder.remove();
    throw error;
  }
  const chosenManagementPort = environment['SCOPEGATE_MANAGEMENT_PORT'];
  return {
    url,
    port,
    managementUrl: chosenManagementPort === undefined ? undefined : `http://${HOST}:${chosenManagementPort}`,
    adminPassword,
    pid: child.pid,
    dataFolder,
    output: () => child.output(),
    get logs(): readonly Readonly<Record<string, unknown>>[] {
      return child.standardOutput().split('\n').flatMap(parseLogLine);
    },
    hasExited: () => child.hasExited(),
    closeOutput: () => child.closeOutput(),
    stallOutput: () => child.stallOutput(),
    async stop(): Promise<number> {
      const exitCode = await child.end('SIGTERM');
      await folder.remove();
      return exitCode;
    },
    async kill9(): Promise<void> {
      await child.end('SIGKILL');
    },
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(10_000) });
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false;
  }
}

function parseLogLine(line: string): Readonly<Record<string, unknown>>[] {
  if (!line.startsWith('{')) {
    return [];
  }
  try {
    return [JSON.parse(line) as Record<string, unknown>];
  } catch {
    // The last line may be half written.
    return [];
  }
}
