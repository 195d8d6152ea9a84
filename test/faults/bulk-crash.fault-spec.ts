import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { expect, it } from 'vitest';
import { createApiClient, type ApiClient } from '../support/api.client.js';
import { describeWithMariaDb } from '../support/external-servers.js';
import { createSecrets, startScopegate, type ScopegateProcess } from '../support/scopegate.process.js';
import type { TestToken } from '../support/scopegate.fixture.js';

/** Enough for a kill to come before the last batch. */
const COPIES = 1_500;

describeWithMariaDb('many that end at once and a crash', (mariaDb) => {
  it('R82: what is ended before a kill stays so, and the rest is ended by asking again, or by the purge', async () => {
    const url = await mariaDb().createDatabase();
    const env = { DATABASE_URL: url, SCOPEGATE_ADMIN_PASSWORD: 'correct horse battery', ...createSecrets() };
    const database = await createConnection(url);
    let server = await startScopegate({ env });
    try {
      for (const username of ['anna', 'ben']) await adminOf(server).post('/users', { username });
      const ids = { anna: await makeTokens(server, database, 'anna'), ben: await makeTokens(server, database, 'ben') };

      const revoking = adminOf(server).post('/tokens/revoke', { owner: 'anna' });
      server = await killOnceEnding(server, env, database, 'anna', revoking);
      const before = await revokedOf(database, 'anna');
      expect(before).toBeLessThan(COPIES + 1);
      const again = await adminOf(server).post<{ revoked: number }>('/tokens/revoke', { owner: 'anna' });
      expect(again.body.revoked).toBe(COPIES + 1 - before);

      const deleting = adminOf(server).delete('/users/ben');
      server = await killOnceEnding(server, env, database, 'ben', deleting);
      expect((await adminOf(server).get('/users/ben')).status).toBe(404);
      await expect.poll(() => revokedOf(database, 'ben'), { timeout: 120_000, interval: 200 }).toBe(COPIES + 1);

      for (const [owner, first] of Object.entries(ids)) {
        expect(await eventsOf(database, owner), owner).toEqual({ events: COPIES + 1, tokens: COPIES + 1 });
        const shown = await adminOf(server).get<{ status: string }>(`/tokens/${first}`);
        expect(shown.body.status).toBe('revoked');
      }
    } finally {
      await server.stop();
      await database.end();
    }
  });
});

function adminOf(server: ScopegateProcess): ApiClient {
  return createApiClient(server.url, { user: 'admin', password: server.adminPassword });
}

/** Makes one token by the API and copies its row. @returns the id of the one */
async function makeTokens(server: ScopegateProcess, database: Connection, owner: string): Promise<string> {
  const made = await adminOf(server).post<TestToken>('/tokens', { description: 'many', scope: 'read-only', owner });
  const columns = 'digest, pepper_version, hint, owner_id, owner_name, owner_key, creator_id, created_by, description';
  const others = 'scope, created_at_ms, use_count';
  await database.query(
    `INSERT INTO tokens (id, ${columns}, ${others}) SELECT CONCAT(?, LPAD(seq, 8, '0')), ${columns}, ${others}
       FROM tokens JOIN seq_1_to_${COPIES} WHERE id = ?`,
    [owner.padEnd(4, '0'), made.body.id],
  );
  return made.body.id;
}

/** Kills the server in the middle of what it was asked for, and starts it again. */
async function killOnceEnding(
  server: ScopegateProcess,
  env: Readonly<Record<string, string>>,
  database: Connection,
  owner: string,
  asked: Promise<unknown>,
): Promise<ScopegateProcess> {
  const broken = asked.then(
    () => 'answered',
    () => 'broken off',
  );
  await expect.poll(() => revokedOf(database, owner), { timeout: 60_000, interval: 5 }).toBeGreaterThan(0);
  await server.kill9();
  expect(await broken).toBe('broken off');
  return startScopegate({ env, dataFolder: server.dataFolder });
}

async function revokedOf(database: Connection, owner: string): Promise<number> {
  const [[row]] = await database.query<RowDataPacket[]>(
    'SELECT COUNT(*) AS count FROM tokens WHERE owner_key = ? AND revoked_at_ms IS NOT NULL',
    [owner],
  );
  return Number(row?.['count']);
}

/** The events about the end of an owner's tokens, and how many tokens they are about. */
async function eventsOf(database: Connection, owner: string): Promise<object> {
  const [[row]] = await database.query<RowDataPacket[]>(
    `SELECT COUNT(*) AS events, COUNT(DISTINCT token_id) AS tokens FROM audit_events
      WHERE type = 'token.revoked' AND owner_key = ?`,
    [owner],
  );
  return { events: Number(row?.['events']), tokens: Number(row?.['tokens']) };
}
