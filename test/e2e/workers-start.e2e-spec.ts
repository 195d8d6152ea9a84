import { createServer } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createApiClient } from '../support/api.client.js';
import { childrenOf, isRunning } from '../support/child-processes.js';
import { describeWithMariaDb } from '../support/external-servers.js';
import {
  privateEnvironment,
  startPrivateProcess,
  waitUntilReady,
  type PrivateProcess,
} from '../support/private-process.js';
import { ensureBuilt, SERVER_PROGRAM } from '../support/project-build.js';
import { createSecrets } from '../support/scopegate.process.js';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

const READY = /Scopegate is ready at http:\/\/127\.0\.0\.1:(\d+) \(API: http:\/\/127\.0\.0\.1:(\d+)\/docs\)/g;

describeWithMariaDb('the start of several workers', (mariaDb) => {
  let folder: TemporaryFolder;
  let server: PrivateProcess | undefined;

  beforeEach(async () => {
    await ensureBuilt();
    folder = createTemporaryFolder('start');
  });

  afterEach(async () => {
    await server?.end('SIGTERM');
    await folder.remove();
  });

  async function start(env: Readonly<Record<string, string>>): Promise<PrivateProcess> {
    server = startPrivateProcess(process.execPath, [SERVER_PROGRAM], {
      cwd: folder.path,
      environment: {
        ...privateEnvironment(folder.path),
        PORT: '0',
        DATABASE_URL: await mariaDb().createDatabase(),
        ...createSecrets(),
        SCOPEGATE_WORKERS: '2',
        SCOPEGATE_DRAIN_MS: '0',
        ...env,
      },
    });
    return server;
  }

  function logsOf(started: PrivateProcess): readonly Readonly<Record<string, unknown>>[] {
    return started
      .standardOutput()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  it('R20, R62: prints the free ports once, when all are ready, and the password once; every line names its process', async () => {
    const started = await start({ SCOPEGATE_WORKERS: '3', SCOPEGATE_MANAGEMENT_PORT: '0', LOG_LEVEL: 'debug' });
    await waitUntilReady('The server', started, () => Promise.resolve(started.output().includes('is ready')), 60_000);
    const [ready, ...others] = [...started.output().matchAll(READY)];
    expect(others).toEqual([]);
    const [, port, managementPort] = ready ?? [];
    expect(port).not.toBe(managementPort);
    expect(childrenOf(started.pid)).toHaveLength(3);
    const passwords = [...started.output().matchAll(/user name "admin", password "([A-Za-z0-9]{24})"/g)];
    expect(passwords).toHaveLength(1);
    const password = passwords[0]?.[1] ?? '';
    expect(started.output().split(password)).toHaveLength(2);

    for (let time = 0; time < 9; time += 1) {
      const headers = { Connection: 'close' };
      expect((await fetch(`http://127.0.0.1:${managementPort}/health/ready`, { headers })).status).toBe(200);
      expect((await fetch(`http://127.0.0.1:${port}/health/ready`, { headers })).status).toBe(200);
      expect((await fetch(`http://127.0.0.1:${port}/api/v1/me`, { headers })).status).toBe(404);
    }
    const admin = createApiClient(`http://127.0.0.1:${managementPort}`, { user: 'admin', password });
    expect((await admin.get('/settings')).status).toBe(200);
    const made = await admin.get<{ items: unknown[] }>('/audit-events?type=user.created');
    expect(made.body.items).toHaveLength(1);

    const requests = (): unknown[] => logsOf(started).filter(({ context }) => context === 'Request');
    await expect.poll(() => new Set(requests().map((line) => (line as { worker: unknown }).worker)).size).toBe(3);
    // What people are to read is on standard error.
    for (const line of started.standardOutput().trimEnd().split('\n')) JSON.parse(line);
    expect(await started.end('SIGTERM')).toBe(0);
  });

  it('R62: reports a port that is in use once, ends the start, and leaves nothing running', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const address = taken.address();
    try {
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      for (const name of ['PORT', 'SCOPEGATE_MANAGEMENT_PORT']) {
        const started = await start({ [name]: String(port), LOG_LEVEL: 'silent' });
        await expect.poll(() => childrenOf(started.pid).length).toBe(2);
        const workers = childrenOf(started.pid);
        expect(await started.exited).toBe(1);
        const lines = started
          .output()
          .split('\n')
          .filter((line) => line !== '' && !line.startsWith('First administrator'));
        expect(lines).toEqual([
          expect.stringMatching(/^Scopegate cannot start: The port is already in use: .*EADDRINUSE/),
        ]);
        expect(workers.filter(isRunning)).toEqual([]);
      }
    } finally {
      taken.close();
    }
  });

  it('R62: SIGTERM during the start ends it without a complaint', async () => {
    const started = await start({});
    await expect.poll(() => childrenOf(started.pid).length, { interval: 5 }).toBeGreaterThan(0);
    const workers = childrenOf(started.pid);
    expect(await started.end('SIGTERM')).toBe(0);
    expect(started.output()).not.toMatch(/cannot start|could not stop/);
    await expect.poll(() => workers.filter(isRunning)).toEqual([]);
  });

  it('R62: a worker that is killed again and again is replaced later each time', async () => {
    const started = await start({});
    await waitUntilReady('The server', started, () => Promise.resolve(started.output().includes('is ready')), 60_000);
    const [steady] = childrenOf(started.pid);
    for (let death = 1; death <= 3; death += 1) {
      await expect.poll(() => childrenOf(started.pid).length).toBe(2);
      for (const pid of childrenOf(started.pid)) if (pid !== steady) process.kill(pid, 'SIGKILL');
      const deaths = (): unknown[] => logsOf(started).filter(({ message }) => /is replaced/.test(String(message)));
      await expect.poll(() => deaths().length).toBe(death);
    }
    const deaths = logsOf(started).filter(({ signal }) => signal === 'SIGKILL');
    expect(deaths.map(({ worker, delayMs }) => [worker, delayMs])).toEqual([
      [2, 100],
      [2, 200],
      [2, 400],
    ]);
    expect(await started.end('SIGTERM')).toBe(0);
  });
});
