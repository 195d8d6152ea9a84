import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { constants as systemConstants } from 'node:os';
import { delimiter, join } from 'node:path';

/** A child process of the tests. It never outlives the test process, whichever way that one ends. */
export type PrivateProcess = {
  readonly pid: number;
  /** Resolves with the exit code, or with 128 + the signal's number as a shell says it. */
  readonly exited: Promise<number>;
  hasExited(): boolean;
  /** Everything written to standard output and standard error so far, in the order of arrival. */
  output(): string;
  standardOutput(): string;
  /** Goes on without reading: whatever is written from then on is a broken pipe. */
  closeOutput(): void;
  /** Reads no more, without going away: what is written from then on piles up. */
  stallOutput(): void;
  /** Sends the signal and waits for the end; after the time limit the process is killed. */
  end(signal: NodeJS.Signals, timeoutMs?: number): Promise<number>;
};

export type PrivateProcessOptions = {
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly user?: SystemUser | undefined;
};

export type SystemUser = { readonly name: string; readonly uid: number; readonly gid: number };

// A test worker that is killed runs no exit handler. The watchdog holds the reading end of a pipe whose writing end only
// the test process has, so the end of that process, in any manner, is an end of file here.
const WATCHDOG = `trap '' INT TERM HUP
cat >/dev/null 2>&1
kill -9 "$1" 2>/dev/null`;

/**
 * Starts a program that ends with the test process at the latest.
 * @throws Error when the program cannot be started at all
 */
export function startPrivateProcess(
  program: string,
  programArguments: readonly string[],
  options: PrivateProcessOptions,
): PrivateProcess {
  const child = spawn(program, [...programArguments], {
    cwd: options.cwd,
    env: { ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.user === undefined ? {} : { uid: options.user.uid, gid: options.user.gid }),
  });
  // Without a listener, a program that is not there or a signal that cannot be sent would end the test process.
  child.on('error', () => undefined);
  const { pid } = child;
  if (pid === undefined) {
    throw new Error(`${program} could not be started.`);
  }
  const watchdog = startWatchdog(pid);

  const everything: Buffer[] = [];
  const standardOutput: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => {
    everything.push(chunk);
    standardOutput.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => everything.push(chunk));

  let ended = false;
  const exited = new Promise<number>((resolve) => {
    child.once('close', (code, signal) => {
      ended = true;
      endWatchdog(watchdog);
      resolve(code ?? 128 + (signal === null ? 0 : systemConstants.signals[signal]));
    });
  });

  return {
    pid,
    exited,
    hasExited: () => ended,
    output: () => Buffer.concat(everything).toString('utf8'),
    standardOutput: () => Buffer.concat(standardOutput).toString('utf8'),
    closeOutput: () => {
      child.stdout.destroy();
      child.stderr.destroy();
    },
    stallOutput: () => {
      child.stdout.pause();
      child.stderr.pause();
    },
    async end(signal, timeoutMs = 60_000): Promise<number> {
      if (!ended) {
        child.kill(signal);
        const limit = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
        await exited;
        clearTimeout(limit);
      }
      return exited;
    },
  };
}

function startWatchdog(pid: number): ChildProcess {
  const watchdog = spawn('/bin/sh', ['-c', WATCHDOG, 'watchdog', String(pid)], {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watchdog.once('error', () => undefined);
  watchdog.stdin?.once('error', () => undefined);
  watchdog.unref();
  // The pipe must not keep the test process alive either. Node types a child's stdin as a stream, and it is a socket.
  (watchdog.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  return watchdog;
}

function endWatchdog(watchdog: ChildProcess): void {
  // The watchdog is the leader of its own process group, to which its `cat` belongs too.
  if (watchdog.pid !== undefined && watchdog.exitCode === null && watchdog.signalCode === null) {
    try {
      process.kill(-watchdog.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}

/** The full path of a program on the PATH or in one of the folders where servers are installed, or undefined. */
export function findProgram(name: string): string | undefined {
  for (const folder of searchPath()) {
    const candidate = join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/**
 * An environment that holds nothing of the person who runs the tests: no proxy, no configuration, no credential.
 * @param home the folder that serves as the home of the program
 */
export function privateEnvironment(home: string): Record<string, string> {
  return { PATH: searchPath().join(delimiter), HOME: home, TMPDIR: home, LANG: 'C.UTF-8', TZ: 'UTC' };
}

/** The user to run database servers as when the tests run as root, whom those servers refuse; else undefined. */
export function unprivilegedUser(): SystemUser | undefined {
  if (process.getuid?.() !== 0) {
    return undefined;
  }
  const users = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['mysql', 'nobody']) {
    const fields = users.find((line) => line.startsWith(`${name}:`))?.split(':');
    if (fields !== undefined) {
      return { name, uid: Number(fields[2]), gid: Number(fields[3]) };
    }
  }
  return undefined;
}

function searchPath(): readonly string[] {
  const configured = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const servers = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  return [...new Set([...configured, ...servers])];
}

/**
 * Calls `attempt` until it answers true.
 * @throws Error when the process ends before that or the time is up; the message holds what the process wrote
 */
export async function waitUntilReady(
  name: string,
  child: PrivateProcess,
  attempt: () => Promise<boolean>,
  timeoutMs: number,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    if (child.hasExited()) {
      throw new Error(`${name} ended with ${await child.exited} before it was ready:\n${child.output()}`);
    }
    if (await attempt()) {
      return;
    }
    if (Date.now() > deadline) {
      await child.end('SIGKILL');
      throw new Error(`${name} was not ready within ${timeoutMs} ms:\n${child.output()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
