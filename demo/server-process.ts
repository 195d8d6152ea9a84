import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The built server in a process of its own, on SQLite in a temporary folder. */
export type ServerProcess = {
  readonly url: string;
  /** The password of the user `admin`. */
  readonly adminPassword: string;
  /** Resolves when the process has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** The end of what it wrote. */
  output(): string;
  /** Ends it in good order and removes its folder. */
  stop(): Promise<void>;
  /** Ends it at once, for the last moment of this process. */
  kill(): void;
};

const HOST = '127.0.0.1';
const PREFERRED_PORT = 3000;
const START_TIME_LIMIT_MS = 60_000;
// The server itself gives what is under way 10 seconds.
const STOP_TIME_LIMIT_MS = 15_000;
const KEPT_OUTPUT_CHARACTERS = 20_000;

/** The entry of the server, as it lies beside the demo in `dist`. */
const SERVER_PROGRAM = join(import.meta.dirname, '..', 'src', 'main.js');

// A demo that is killed cannot stop its server. The channel between the two closes with it, and this code, which is loaded
// before the server's, asks the server to stop when that happens.
const STOP_WITH_PARENT = `process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))`;

/**
 * Starts the server and waits until it is ready. It listens on PORT, else on 3000 if that is free, else on any free port.
 * @throws Error when PORT is taken, and with what the server wrote when it ends or is not ready in time
 */
export async function startServer(): Promise<ServerProcess> {
  const port = await choosePort(process.env['PORT']);
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'scopegate-demo-'));
  const adminPassword = randomBytes(12).toString('base64url');
  const url = `http://${HOST}:${port}`;
  const server = watch(spawnServer(folder, port, adminPassword), url, adminPassword, folder);
  process.once('exit', () => server.kill());
  let hasEnded = false;
  void server.ended.then(() => (hasEnded = true));
  const deadline = Date.now() + START_TIME_LIMIT_MS;
  while (!(await isReady(url))) {
    if (hasEnded || Date.now() > deadline) {
      await server.stop();
      throw new Error(
        `the server ${hasEnded ? 'ended before it was' : 'did not become'} ready. It wrote:\n${server.output()}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return server;
}

function spawnServer(folder: string, port: number, adminPassword: string): ChildProcess {
  const preload = `data:text/javascript,${encodeURIComponent(STOP_WITH_PARENT)}`;
  return spawn(process.execPath, ['--import', preload, SERVER_PROGRAM], {
    cwd: folder,
    env: {
      ...environmentWithoutConfiguration(),
      HOST,
      PORT: String(port),
      DATABASE_URL: `sqlite:${join(folder, 'scopegate.sqlite')}`,
      SCOPEGATE_DATA_DIR: folder,
      SCOPEGATE_DRAIN_MS: '0',
      SCOPEGATE_ADMIN_PASSWORD: adminPassword,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Ctrl-C reaches every process of the terminal's group. The server is not in it, so this program decides when and how
    // it ends.
    detached: true,
  });
}

function watch(child: ChildProcess, url: string, adminPassword: string, folder: string): ServerProcess {
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-KEPT_OUTPUT_CHARACTERS);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', (error) => {
      keep(Buffer.from(String(error)));
      resolve();
    });
  });
  return {
    url,
    adminPassword,
    ended,
    output: () => output,
    async stop(): Promise<void> {
      child.kill('SIGTERM');
      const limit = setTimeout(() => child.kill('SIGKILL'), STOP_TIME_LIMIT_MS);
      await ended;
      clearTimeout(limit);
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

/** The environment of this process without what configures a server: the demo has its own answer to all of it. */
function environmentWithoutConfiguration(): NodeJS.ProcessEnv {
  const names = new Set(['HOST', 'PORT', 'DATABASE_URL', 'REDIS_URL']);
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !names.has(name) && !name.startsWith('SCOPEGATE_')),
  );
}

async function choosePort(wanted: string | undefined): Promise<number> {
  if (wanted !== undefined && /^\d{1,5}$/.test(wanted) && Number(wanted) > 0) {
    // Whatever listens there would answer in place of the server, and be sent its passwords.
    if ((await listenOnce(Number(wanted))) === undefined) {
      throw new Error(`PORT ${wanted} is taken. Choose another one, or leave PORT out.`);
    }
    return Number(wanted);
  }
  return (await listenOnce(PREFERRED_PORT)) ?? (await listenOnce(0)) ?? PREFERRED_PORT;
}

/** Listens for a moment: the port that was given, or undefined where it is taken. */
function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(undefined));
    probe.listen(port, HOST, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false;
  }
}
