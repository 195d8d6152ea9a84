import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createApiClient } from '../support/api.client.js';
import { freePort } from '../support/free-port.js';
import { listen } from '../support/listen.js';
import {
  privateEnvironment,
  startPrivateProcess,
  waitUntilReady,
  type PrivateProcess,
} from '../support/private-process.js';
import { ensureBuilt, SERVER_PROGRAM } from '../support/project-build.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';

const PROJECT = resolve(import.meta.dirname, '../..');

const PASSWORD = /user name "admin", password "([A-Za-z0-9]{24})"/g;

let running: PrivateProcess[] = [];

beforeAll(async () => ensureBuilt());

afterEach(async () => {
  for (const started of running) if (!started.hasExited()) await started.end('SIGKILL');
  running = [];
});

function start(folder: string, env: Record<string, string>, nodeArgs: readonly string[] = []): PrivateProcess {
  const started = startPrivateProcess(process.execPath, [...nodeArgs, SERVER_PROGRAM], {
    cwd: folder,
    environment: {
      ...privateEnvironment(folder),
      SCOPEGATE_DATA_DIR: join(folder, 'data'),
      SCOPEGATE_DRAIN_MS: '0',
      ...env,
    },
  });
  running.push(started);
  return started;
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health/ready`)).ok;
  } catch {
    return false;
  }
}

function takePort(port: number): Promise<Server> {
  return new Promise((done) => {
    const server = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1', () => done(server));
  });
}

const linesOf = (started: PrivateProcess): Record<string, unknown>[] =>
  started
    .standardOutput()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('npm start', () => {
  const run = async (...options: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
    const folder = createTemporaryFolder('options');
    try {
      const program = join(PROJECT, 'scripts/start.mjs');
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, ...options], {
        cwd: folder.path,
        env: { PATH: '/nowhere', LOG_LEVEL: 'no level: read by the server alone' },
      });
      return { code: 0, stdout, stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, stdout, stderr };
    } finally {
      await folder.remove();
    }
  };

  it('R66: answers --help and --version, and starts nothing', async () => {
    const { version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as { version: string };
    expect(await run('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    const help = await run('--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(/DATABASE_URL/);
    const unknown = await run('--port', '80');
    expect([unknown.code, unknown.stdout]).toEqual([2, '']);
    expect(unknown.stderr).toMatch(/no such argument: --port 80/);
  });
});

describe('the first start', () => {
  it('R61, R66: shows the password once, on standard error, after the port is open', async () => {
    const folder = createTemporaryFolder('first-start');
    const port = await freePort();
    const taken = await takePort(port);
    try {
      const failed = start(folder.path, { PORT: String(port) });
      expect(await failed.exited).toBe(1);
      expect(failed.output()).toMatch(/^Scopegate cannot start: The port is already in use/m);
      expect(failed.output()).not.toMatch(PASSWORD);
      taken.close();
      // The start that failed has not used the password up.
      const started = start(folder.path, { PORT: String(port) });
      const url = `http://127.0.0.1:${port}`;
      await waitUntilReady('The server', started, () => isReady(url), 60_000);
      const shown = [...started.output().matchAll(PASSWORD)];
      expect(shown).toHaveLength(1);
      const password = shown[0]?.[1] ?? '';
      expect(started.standardOutput()).not.toContain(password);
      expect((await createApiClient(url, { user: 'admin', password }).get('/me')).status).toBe(200);
      const ready = (): unknown => linesOf(started).find(({ message }) => message === 'The server takes requests.');
      await expect.poll(ready).toMatchObject({ level: 'info', url, documentation: `${url}/docs` });
      expect(await started.end('SIGTERM')).toBe(0);
    } finally {
      taken.close();
      await folder.remove();
    }
  });
});

describe('the log', () => {
  it.each([
    ['one process', {}],
    ['an error', { fails: true }],
  ] as const)('R61: is JSON line by line, also where Node itself would print text (%s)', async (_name, given) => {
    const folder = createTemporaryFolder('log');
    const port = await freePort();
    const fails = 'fails' in given;
    const script = `setTimeout(() => { process.emitWarning('odd', { code: 'ODD' }); ${fails ? "throw new Error('boom')" : ''} }, 6000)`;
    try {
      const started = start(folder.path, { PORT: String(port) }, [
        '--import',
        `data:text/javascript,${encodeURIComponent(script)}`,
      ]);
      const warnings = (): unknown[] => linesOf(started).filter(({ context }) => context === 'Process');
      await expect.poll(() => warnings().length, { timeout: 40_000 }).toBeGreaterThan(0);
      if (!fails) {
        await waitUntilReady('The server', started, () => isReady(`http://127.0.0.1:${port}`), 60_000);
      }
      if (fails) {
        expect(await started.exited).toBe(1);
        expect(warnings()).toContainEqual(
          expect.objectContaining({ level: 'fatal', stack: expect.stringContaining('boom') as string }),
        );
      } else {
        expect(warnings()).toContainEqual(expect.objectContaining({ level: 'warn', message: 'odd', code: 'ODD' }));
        expect(await started.end('SIGTERM')).toBe(0);
      }
      const read = started
        .output()
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('{'));
      expect(read.filter((line) => !/^(?:First administrator|Scopegate is ready)/.test(line))).toEqual([]);
    } finally {
      await folder.remove();
    }
  });
});

describe('the installation', () => {
  it('R61: sends nothing anywhere', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    const port = await listen(server);
    try {
      // What `npm ci` runs after it has unpacked the package, should a version of npm run it at all.
      await promisify(execFile)(process.execPath, [join(PROJECT, 'node_modules/@scarf/scarf/report.js')], {
        cwd: PROJECT,
        env: { PATH: process.env['PATH'], INIT_CWD: PROJECT, SCARF_LOCAL_PORT: String(port) },
      });
      expect(connections).toBe(0);
    } finally {
      server.close();
    }
  });
});
