import { describe, expect } from 'vitest';
import { gatewayTest } from '../support/gateway-test.js';
import { bearer, type ScopegateFixture, type TestToken } from '../support/scopegate.fixture.js';
import {
  acceptUpgrade,
  openUpgrade,
  startUpgradeUpstream,
  type UpgradeEnd,
  type UpgradedClient,
} from '../support/upgraded.client.js';

const EVENT_STREAM = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const DOWNLOAD = 'HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n';
const EVENT = '7\r\ndata: 1\r\n';

/** R116 allows a second; the rest is for a busy machine. */
const SOON_MS = 15_000;

/** Switches, or begins an answer that does not end. */
function begin(end: UpgradeEnd): void {
  const isUpgrade = end.headerValues('upgrade').length > 0;
  const isDownload = end.requestLine.includes('/download');
  end.socket.write(isUpgrade ? acceptUpgrade('websocket') : (isDownload ? DOWNLOAD : EVENT_STREAM) + EVENT);
}

const it = gatewayTest
  .extend('upstreamOfStreams', { scope: 'file' }, async ({ gateway: _gateway }, { onCleanup }) => {
    const switching = await startUpgradeUpstream();
    onCleanup(() => switching.stop());
    return switching;
  })
  .extend('beginAnswers', { auto: true }, ({ upstreamOfStreams }) => {
    upstreamOfStreams.clear();
    upstreamOfStreams.onHead(begin);
  })
  .extend('application', ({ gateway, upstreamOfStreams, task }) =>
    gateway.createApplication({
      key: `app-${task.id.replaceAll(/[^a-z0-9]/g, '-').slice(-40)}`,
      kind: 'generic',
      mount: { pathPrefix: `/${task.id.replaceAll(/[^a-z0-9]/g, '-').slice(-40)}` },
      upstream: upstreamOfStreams.url,
      readOnlyUpgrades: true,
    }),
  )
  .extend('open', ({ gateway, application }) => async (token: TestToken): Promise<readonly UpgradedClient[]> => {
    const path = `/${application.replace(/^app-/, '')}`;
    const headers = [bearer(token.secret)];
    const plain = (target: string): Promise<UpgradedClient> =>
      openUpgrade({ port: gateway.port, path: path + target, headers, protocol: '' });
    const opened = [
      await openUpgrade({ port: gateway.port, path: `${path}/live`, headers }),
      await plain('/events'),
      await plain('/download'),
    ];
    expect(opened.map(({ status }) => status)).toEqual([101, 200, 200]);
    return opened;
  });

async function expectEnd(clients: readonly UpgradedClient[]): Promise<void> {
  for (const client of clients) await client.waitForEnd(SOON_MS);
  for (const client of clients) client.socket.destroy();
}

async function patchUser(gateway: ScopegateFixture, username: string, patch: object): Promise<void> {
  expect((await gateway.admin.patch(`/users/${username}`, patch)).status).toBe(200);
}

describe('an open connection of a token', () => {
  it('R116: ends when the token is revoked, and those of other tokens go on', async ({
    gateway,
    open,
    application,
  }) => {
    const token = await gateway.createToken({ scope: 'read-only' });
    const other = await gateway.createToken({ scope: 'read-only' });
    const opened = await open(token);
    const others = await open(other);
    await gateway.revokeToken(token.id);
    await expectEnd(opened);
    expect(others.map(({ hasEnded }) => hasEnded)).toEqual([false, false, false]);
    const found = async (): Promise<unknown> =>
      (await gateway.events({ tokenId: token.id, application, type: 'connection.ended' })).map(({ detail }) => detail);
    await expect
      .poll(found)
      .toEqual([{ bytesIn: 0, bytesOut: 0, durationMs: expect.any(Number), endedBy: 'revocation' }]);
    for (const { socket } of others) socket.destroy();
  });

  it('R116: ends when the token expires', async ({ gateway, open }) => {
    const expiresAt = new Date(Date.now() + 6_000).toISOString();
    const token = await gateway.createToken({ scope: 'read-only', expiresAt });
    await expectEnd(await open(token));
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expiresAt));
  });

  it('R116: ends when the owner is deactivated or deleted', async ({ gateway, open }) => {
    const user = await gateway.createUser();
    const token = await gateway.createToken({ scope: 'read-only', owner: user.username });
    const opened = await open(token);
    await patchUser(gateway, user.username, { active: false });
    await expectEnd(opened);
    await patchUser(gateway, user.username, { active: true });
    const again = await open(token);
    expect((await gateway.admin.delete(`/users/${user.username}`)).status).toBe(204);
    await expectEnd(again);
  });

  it('R116: ends when the owner may no longer use tokens, also through a group', async ({ gateway, open }) => {
    const group = await gateway.createGroup();
    const user = await gateway.createUser({ groups: [group] });
    const token = await gateway.createToken({ scope: 'read-only', owner: user.username });
    await gateway.patchPermissions({ useTokens: { everyone: false, groups: [group] } });
    const opened = await open(token);
    await patchUser(gateway, user.username, { groups: [] });
    await expectEnd(opened);
    await patchUser(gateway, user.username, { groups: [group] });
    const again = await open(token);
    await gateway.patchPermissions({ useTokens: { everyone: false, groups: [] } });
    await expectEnd(again);
    await gateway.patchPermissions({ useTokens: { everyone: true, groups: [] } });
  });

  it('R116: ends when its address is no longer allowed', async ({ gateway, open }) => {
    const token = await gateway.createToken({ scope: 'read-only' });
    const opened = await open(token);
    await gateway.patchSettings({ ipRestriction: { allowList: ['192.0.2.1'] } });
    await expectEnd(opened);
    await gateway.patchSettings({ ipRestriction: { allowList: [] } });
  });

  it('R116: ends when the application is deleted, or leads to another upstream', async ({
    gateway,
    open,
    application,
    upstreamOfStreams,
  }) => {
    const token = await gateway.createToken({ scope: 'read-only' });
    const opened = await open(token);
    const patch = async (changes: object): Promise<void> => {
      expect((await gateway.admin.patch(`/applications/${application}`, changes)).status).toBe(200);
    };
    await patch({ name: 'Renamed' });
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(opened.map(({ hasEnded }) => hasEnded)).toEqual([false, false, false]);
    await patch({ upstream: `${upstreamOfStreams.url}/elsewhere` });
    await expectEnd(opened);
    const again = await open(token);
    expect((await gateway.admin.delete(`/applications/${application}`)).status).toBe(204);
    await expectEnd(again);
  });

  it('R116: a read-only one is no longer upgraded when readOnlyUpgrades ends', async ({
    gateway,
    open,
    application,
  }) => {
    const token = await gateway.createToken({ scope: 'read-only' });
    const [live, ...streams] = await open(token);
    await gateway.admin.patch(`/applications/${application}`, { readOnlyUpgrades: false });
    await live?.waitForEnd(SOON_MS);
    expect(streams.map(({ hasEnded }) => hasEnded)).toEqual([false, false]);
    for (const { socket } of streams) socket.destroy();
  });

  it('R116: stays where the application does not close it', async ({ gateway, open, application }) => {
    const token = await gateway.createToken({ scope: 'read-only' });
    await gateway.admin.patch(`/applications/${application}`, { closeOnRevocation: false });
    const opened = await open(token);
    await gateway.revokeToken(token.id);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(opened.map(({ hasEnded }) => hasEnded)).toEqual([false, false, false]);
    for (const { socket } of opened) socket.destroy();
  });

  it('R116: an answer that begins after the revocation does not go on', async ({
    gateway,
    application,
    upstreamOfStreams,
  }) => {
    const token = await gateway.createToken({ scope: 'read-only' });
    upstreamOfStreams.onHead(() => undefined);
    const path = `/${application.replace(/^app-/, '')}/late`;
    const opening = openUpgrade({ port: gateway.port, path, headers: [bearer(token.secret)], protocol: '' });
    const end = await upstreamOfStreams.waitForEnd(1);
    await gateway.revokeToken(token.id);
    await new Promise((resolve) => setTimeout(resolve, 500));
    begin(end);
    const client = await opening;
    expect(client.status).toBe(200);
    await expectEnd([client]);
  });
});
