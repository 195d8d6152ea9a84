import { createConnection } from 'mysql2/promise';
import { afterEach, expect, it } from 'vitest';
import { createApiClient } from '../support/api.client.js';
import { describeWithMariaDb } from '../support/external-servers.js';
import type { TestToken } from '../support/scopegate.fixture.js';
import { createSecrets, startScopegate, type ScopegateProcess } from '../support/scopegate.process.js';

describeWithMariaDb('purging by several processes', (mariaDb) => {
  const stops: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  it('R65: two processes purge each token once, and one that is killed with the lease is replaced within a minute', async () => {
    const env = {
      ...createSecrets(),
      DATABASE_URL: await mariaDb().createDatabase(),
      SCOPEGATE_ADMIN_PASSWORD: 'correct horse battery',
    };
    // One after the other: the first of all makes the administrator.
    const servers: ScopegateProcess[] = [];
    for (let index = 0; index < 2; index += 1) {
      const started = await startScopegate({ env });
      servers.push(started);
      stops.push(() => started.stop());
    }
    const database = await createConnection(env.DATABASE_URL);
    stops.push(() => database.end());
    const query = async (text: string): Promise<readonly Record<string, unknown>[]> => {
      const [rows] = await database.query(text);
      return rows as Record<string, unknown>[];
    };
    const holder = async (): Promise<ScopegateProcess | undefined> => {
      const [lease] = await query("SELECT holder FROM leases WHERE name = 'purge'");
      return servers.find((server) => String(lease?.['holder']).includes(`:${server.pid}:`));
    };
    const admin = (server: ScopegateProcess | undefined): ReturnType<typeof createApiClient> =>
      createApiClient(server?.url ?? '', { user: 'admin', password: env.SCOPEGATE_ADMIN_PASSWORD });
    const makeRevoked = async (client: ReturnType<typeof createApiClient>, count: number): Promise<string[]> => {
      const ids: string[] = [];
      for (let index = 0; index < count; index += 1) {
        const answer = await client.post<TestToken>('/tokens', { description: 'short', scope: 'read-only' });
        ids.push(answer.body.id);
      }
      expect((await client.post('/tokens/revoke', { ids })).status).toBe(200);
      return ids;
    };
    const purges = async (): Promise<Map<string, number>> => {
      const rows = await query(
        "SELECT token_id AS id, COUNT(*) AS times FROM audit_events WHERE type = 'token.purged' GROUP BY token_id",
      );
      return new Map(rows.map((row) => [String(row['id']), Number(row['times'])]));
    };

    const settings = await admin(servers[0]).patch('/settings', { purge: { expiredTokensAfterDays: 0 } });
    expect(settings.status).toBe(200);
    const first = await makeRevoked(admin(servers[1]), 150);
    await expect.poll(async () => (await purges()).size, { interval: 250 }).toBe(150);
    expect(await purges()).toEqual(new Map(first.map((id) => [id, 1])));

    const killed = await holder();
    expect(killed).toBeDefined();
    await killed?.kill9();
    const survivor = servers.find((server) => server !== killed);
    const killedAtMs = performance.now();
    const second = await makeRevoked(admin(survivor), 20);
    await expect.poll(async () => (await purges()).size, { timeout: 60_000, interval: 250 }).toBe(170);
    expect(performance.now() - killedAtMs).toBeLessThan(60_000);
    expect(await purges()).toEqual(new Map([...first, ...second].map((id) => [id, 1])));
    expect(await holder()).toBe(survivor);
    expect(await survivor?.stop()).toBe(0);
    // A holder that was told to stop has given the lease back.
    expect((await query("SELECT expires_at_ms AS ends FROM leases WHERE name = 'purge'"))[0]?.['ends']).toBe(0);
  }, 120_000);
});
