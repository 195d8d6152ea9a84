import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithMariaDb } from '../support/external-servers.js';
import { bearer, startScopegateFixture, type ScopegateFixture, type TestToken } from '../support/scopegate.fixture.js';
import { createSecrets } from '../support/scopegate.process.js';
import { openUpgrade, startUpgradeUpstream, until, type UpgradedClient } from '../support/upgraded.client.js';

/** R116 allows a second; the rest is for a busy machine. */
const SOON_MS = 15_000;

describeWithMariaDb('upgraded connections of two nodes', (mariaDb) => {
  let one: ScopegateFixture;
  let other: ScopegateFixture;
  let switching: Awaited<ReturnType<typeof startUpgradeUpstream>>;

  beforeAll(async () => {
    switching = await startUpgradeUpstream();
    const env = {
      ...createSecrets(),
      DATABASE_URL: await mariaDb().createDatabase(),
      SCOPEGATE_ADMIN_PASSWORD: 'a password of the tests',
      SCOPEGATE_STOP_MS: '500',
    };
    one = await startScopegateFixture({ env });
    other = await startScopegateFixture({ env });
    await one.createApplication({ kind: 'generic', mount: { pathPrefix: '/app' }, upstream: switching.url });
  });

  afterAll(async () => {
    await one.stop();
    await other.stop();
    await switching.stop();
  });

  /** At the other node, once it has the token and the application. */
  async function openAtOther(token: TestToken): Promise<UpgradedClient> {
    let client: UpgradedClient | null = null;
    await expect
      .poll(async () => {
        client = await openUpgrade({ port: other.port, path: '/app/live', headers: [bearer(token.secret)] });
        return client.status;
      })
      .toBe(101);
    if (client === null) throw new Error('There is no connection.');
    return client;
  }

  it('R116: a revocation at one node ends them at the other', async () => {
    const token = await one.createToken({ scope: 'read-write' });
    const client = await openAtOther(token);
    client.socket.write('hello');
    await client.waitFor('hello');
    await one.revokeToken(token.id);
    await client.waitForEnd(SOON_MS);
    client.socket.destroy();
  });

  it('R116: a change of the application at one node ends them at the other', async () => {
    const token = await one.createToken({ scope: 'read-write' });
    const client = await openAtOther(token);
    const [{ key } = { key: '' }] = (await one.admin.get<{ items: { key: string }[] }>('/applications')).body.items;
    expect((await one.admin.patch(`/applications/${key}`, { upstream: `${switching.url}/new` })).status).toBe(200);
    await client.waitForEnd(SOON_MS);
    client.socket.destroy();
  });

  it('R81: a stop ends them in time, and stores their end', async () => {
    const token = await one.createToken({ scope: 'read-write' });
    const client = await openAtOther(token);
    client.socket.write('four');
    await client.waitFor('four');
    await other.stop();
    await until(() => client.hasEnded, 'the end of the connection');
    client.socket.destroy();
    const [end] = await one.events({ tokenId: token.id, type: 'connection.ended' });
    expect(end?.detail).toMatchObject({ bytesIn: 4, bytesOut: 4, endedBy: 'stop' });
  });
});
