import { afterEach, describe, expect, it, vi } from 'vitest';
import { describeWithMariaDb } from '../support/external-part.js';
import { startFaultProxy, type FaultProxy } from '../support/fault.proxy.js';
import { startStoppingWorld, type StoppingWorld } from '../support/stopping-world.js';

// Each test starts a server twice.
vi.setConfig({ testTimeout: 180_000 });

let world: StoppingWorld | undefined;
let proxy: FaultProxy | undefined;
afterEach(async () => {
  await world?.end();
  await proxy?.stop();
  [world, proxy] = [undefined, undefined];
});

async function use({ gate, token }: StoppingWorld, times: number): Promise<void> {
  for (let index = 0; index < times; index += 1) {
    const answer = await fetch(`${gate().url}/app/${index}`, { headers: token.headers });
    await answer.arrayBuffer();
    expect(answer.status).toBe(200);
  }
}

describe('uses of tokens on SQLite', () => {
  it('R81: kill -9 loses none and counts none twice, however often', async () => {
    world = await startStoppingWorld();
    for (let round = 1; round <= 3; round += 1) {
      await use(world, 20);
      await world.gate().kill9();
      await world.startAgain();
      expect(await world.useCount()).toBe(20 * round);
    }
    // What was recovered is not recovered again, also where nothing happens in between.
    await world.gate().kill9();
    await world.startAgain();
    expect(await world.useCount()).toBe(60);
    expect(await world.gate().stop()).toBe(0);
    await world.startAgain();
    expect(await world.useCount()).toBe(60);
  });
});

describeWithMariaDb('uses of tokens on MariaDB', (mariaDb) => {
  it.each(['stop', 'kill9'] as const)(
    'R81: a %s while the database is away loses none and counts none twice',
    async (end) => {
      world = await startStoppingWorld({ env: { DATABASE_URL: await mariaDb().createDatabase() } });
      await use(world, 30);
      await mariaDb().kill9();
      try {
        await use(world, 50);
        const exitCode = await world.gate()[end]();
        if (end === 'stop') expect(exitCode, world.gate().output()).toBe(0);
      } finally {
        await mariaDb().restart();
      }
      await world.startAgain();
      expect(await world.useCount()).toBe(80);
      expect(await world.events()).toHaveLength(80);
      await use(world, 5);
      expect(await world.gate().stop()).toBe(0);
      await world.startAgain();
      expect(await world.useCount()).toBe(85);
    },
  );

  it.each(['reset-after', 'reset-before'] as const)(
    'R81: uses whose COMMIT was lost (%s) are counted once',
    async (fault) => {
      const databaseUrl = await mariaDb().createDatabase();
      proxy = await startFaultProxy({ host: '127.0.0.1', port: mariaDb().port });
      world = await startStoppingWorld({ env: { DATABASE_URL: proxy.through(databaseUrl) } });
      const { failedCommits } = proxy;
      proxy.failCommit({ fault, containing: 'use_count', times: 2 });
      await use(world, 10);
      await expect.poll(() => (proxy?.failedCommits ?? 0) - failedCommits, { timeout: 30_000 }).toBe(2);
      await use(world, 10);
      await expect.poll(() => world?.useCount(), { timeout: 30_000 }).toBe(20);
      expect(await world.gate().stop()).toBe(0);
      await world.startAgain();
      expect(await world.useCount()).toBe(20);
    },
  );
});
