import cluster, { type Worker } from 'node:cluster';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { StructuredLogger } from '../../src/common/logging/structured.logger.js';
import { readConfiguration } from '../../src/config/env.js';
import { WorkerSupervisor } from '../../src/workers/worker-supervisor.js';
import { describeWithMariaDb } from '../support/external-servers.js';
import { BUILT_SOURCES, ensureBuilt } from '../support/project-build.js';
import { createSecrets } from '../support/scopegate.process.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';

/** The server gives them longer; these tests would take as long. */
const START_TIMEOUT_MS = 30_000;

describeWithMariaDb('a worker that hangs while it starts', (mariaDb) => {
  const ends: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    cluster.removeAllListeners('fork');
    for (const end of ends.splice(0)) await end();
  });

  /** Real workers, whose primary process is that of the tests. */
  async function createSupervisor(): Promise<{
    readonly supervisor: WorkerSupervisor;
    readonly logged: () => readonly unknown[];
  }> {
    await ensureBuilt();
    const folder = createTemporaryFolder('workers');
    const lines: string[] = [];
    const supervisor = new WorkerSupervisor({
      configuration: readConfiguration({
        PORT: '0',
        DATABASE_URL: await mariaDb().createDatabase(),
        ...createSecrets(),
        SCOPEGATE_ADMIN_PASSWORD: 'correct horse battery',
        SCOPEGATE_DATA_DIR: folder.path,
        SCOPEGATE_WORKERS: '2',
        LOG_LEVEL: 'silent',
      }),
      program: join(BUILT_SOURCES, 'worker.js'),
      logger: new StructuredLogger('info', null, (line) => lines.push(line)),
      startTimeoutMs: START_TIMEOUT_MS,
      serve: () => undefined,
      announce: () => undefined,
    });
    ends.push(
      () => supervisor.stop(20_000),
      () => folder.remove(),
    );
    return { supervisor, logged: () => lines.map((line) => (JSON.parse(line) as { message: unknown }).message) };
  }

  const stopInItsTracks = ({ process: child }: Worker): void => void child.kill('SIGSTOP');

  it('R62: is ended and started again, with a line in the log', async () => {
    const { supervisor, logged } = await createSupervisor();
    const workers: Worker[] = [];
    cluster.on('fork', (worker) => workers.push(worker));
    await supervisor.start();
    cluster.once('fork', stopInItsTracks);
    workers[1]?.process.kill('SIGKILL');
    await expect.poll(logged, { timeout: 110_000 }).toContain('A worker is ready again.');
    expect(logged()).toEqual([
      'A worker has ended and is replaced.',
      'A worker cannot start: Worker 2 was not ready within 30 s and was stopped.',
      'A worker has ended and is replaced.',
      'A worker is ready again.',
    ]);
    expect(supervisor.channels).toHaveLength(2);
    expect(await supervisor.stop(20_000)).toEqual([]);
  });

  it('R62: ends the first start, and says which one it is', async () => {
    const { supervisor } = await createSupervisor();
    let forked = 0;
    cluster.on('fork', (worker) => {
      forked += 1;
      if (forked === 2) stopInItsTracks(worker);
    });
    await expect(supervisor.start()).rejects.toThrow('Worker 2 was not ready within 30 s and was stopped.');
    expect(forked).toBe(2);
  });
});
