import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { describeWithMariaDb } from '../support/external-servers.js';
import { startFaultProxy, type FaultProxy } from '../support/fault.proxy.js';
import { startRestartableServer, type RestartableServer } from '../support/restartable-server.js';

// Each test starts the server again.
vi.setConfig({ testTimeout: 180_000 });

async function use({ node, token: { headers } }: RestartableServer, times: number): Promise<void> {
  for (let index = 0; index < times; index += 1) {
    const answer = await fetch(`${node().url}/app/${index}`, { headers });
    await answer.arrayBuffer();
    expect(answer.status).toBe(200);
  }
}

describe('uses of tokens on SQLite', () => {
  it('R81: kill -9 loses none and counts none twice, however often', async () => {
    const server = await startRestartableServer();
    try {
      for (let round = 1; round <= 2; round += 1) {
        await use(server, 20);
        await server.node().kill9();
        await server.startAgain();
        expect(await server.useCount()).toBe(20 * round);
      }
      // What was recovered is not recovered again, also where nothing happens in between.
      await server.node().kill9();
      await server.startAgain();
      expect(await server.useCount()).toBe(40);
      expect(await server.node().stop()).toBe(0);
      await server.startAgain();
      expect(await server.useCount()).toBe(40);
    } finally {
      await server.end();
    }
  });
});

type CountedServer = {
  readonly server: () => RestartableServer;
  /** Expects so many more uses and events than the last call. */
  readonly expectCounted: (times: number) => Promise<void>;
};

/** One server for the tests of a `describe`. Each counts from where the one before it has ended: no start adds to it. */
function startCounted(env: () => Promise<Readonly<Record<string, string>>>): CountedServer {
  let server: RestartableServer;
  let uses = 0;
  let events = 0;

  beforeAll(async () => {
    server = await startRestartableServer({ env: await env() });
    events = (await server.events()).length;
  });

  afterAll(() => server.end());

  return {
    server: () => server,
    async expectCounted(times) {
      uses += times;
      events += times;
      expect(await server.useCount()).toBe(uses);
      expect(await server.events()).toHaveLength(events);
    },
  };
}

describeWithMariaDb('uses of tokens on MariaDB', (mariaDb) => {
  describe('while the database is away', () => {
    const { server, expectCounted } = startCounted(async () => ({ DATABASE_URL: await mariaDb().createDatabase() }));

    it.each(['stop', 'kill9'] as const)('R81: a %s loses none and counts none twice', async (end) => {
      await use(server(), 30);
      await mariaDb().kill9();
      try {
        await use(server(), 50);
        const exitCode = await server().node()[end]();
        if (end === 'stop') expect(exitCode, server().node().output()).toBe(0);
      } finally {
        await mariaDb().restart();
      }
      await server().startAgain();
      await expectCounted(80);
    });
  });

  describe('whose COMMIT is lost', () => {
    let proxy: FaultProxy;
    beforeAll(async () => {
      proxy = await startFaultProxy({ host: '127.0.0.1', port: mariaDb().port });
    });
    afterAll(() => proxy.stop());

    const { server, expectCounted } = startCounted(async () => ({
      DATABASE_URL: proxy.through(await mariaDb().createDatabase()),
    }));

    it.each(['reset-after', 'reset-before'] as const)('R81: are counted once (%s)', async (fault) => {
      const { failedCommits } = proxy;
      const before = await server().useCount();
      proxy.failCommit({ fault, containing: 'use_count', times: 2 });
      await use(server(), 10);
      await expect.poll(() => proxy.failedCommits - failedCommits).toBe(2);
      await use(server(), 10);
      await expect.poll(() => server().useCount()).toBe(before + 20);
      expect(await server().node().stop()).toBe(0);
      await server().startAgain();
      await expectCounted(20);
    });
  });
});
