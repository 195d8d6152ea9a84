import { Agent, request as nodeRequest, type OutgoingHttpHeaders } from 'node:http';
import { describe, expect } from 'vitest';
import { gatewayTest } from '../support/gateway-test.js';
import { bearer, type ScopegateFixture } from '../support/scopegate.fixture.js';

const IDENTITY = { 'X-User': '{username}', 'X-Groups': '{groups}', 'X-Email': '{email}' };

type Asked = { readonly status: number; readonly isReused: boolean };

type Ask = (secret: string | null, more?: OutgoingHttpHeaders, method?: string, path?: string) => Promise<Asked>;

const it = gatewayTest
  /** A token of Alice, and one of Bob. */
  .extend('alice', { scope: 'file' }, ({ gateway }) => secretOf(gateway, 'alice'))
  .extend('bob', { scope: 'file' }, ({ gateway }) => secretOf(gateway, 'bob'))
  /** Sends all requests of a test over one connection. */
  .extend('ask', ({ gateway }, { onCleanup }): Ask => {
    const connection = new Agent({ keepAlive: true, maxSockets: 1 });
    onCleanup(() => connection.destroy());
    return (secret, more = {}, method = 'GET', path = '/app/x') => {
      const headers = { ...(secret === null ? {} : { Authorization: bearer(secret)[1] }), ...more };
      return new Promise((resolve, reject) => {
        const sent = nodeRequest({ port: gateway.port, agent: connection, method, path, headers }, (answer) => {
          answer.resume();
          answer.once('end', () => resolve({ status: answer.statusCode ?? 0, isReused: sent.reusedSocket }));
          answer.once('error', reject);
        });
        sent.once('error', reject);
        sent.end();
      });
    };
  })
  /** Sends the same head until the gateway remembers it. */
  .extend('askAgain', ({ ask, upstream }) => async (secret: string | null, more: OutgoingHttpHeaders = {}) => {
    for (let time = 0; time < 3; time += 1) await ask(secret, more);
    return upstream.lastRequest;
  });

async function secretOf(gateway: ScopegateFixture, owner: string): Promise<string> {
  await gateway.createUser({ username: owner });
  return (await gateway.createToken({ owner, scope: 'read-only' })).secret;
}

it.beforeAll(async ({ gateway, upstream }) => {
  await gateway.patchSettings({ throttling: { maxFailures: 0 } });
  await gateway.createApplication({
    key: 'app',
    kind: 'generic',
    anonymous: 'allow',
    mount: { pathPrefix: '/app' },
    upstream: upstream.url,
    identity: { mode: 'headers', headers: IDENTITY },
  });
});

/** The same token with another last character of its secret; the checksum shows it at once, or the digest. */
function wrong(secret: string): string {
  const at = secret.lastIndexOf('_') - 1;
  return secret.slice(0, at) + (secret[at] === 'a' ? 'b' : 'a') + secret.slice(at + 1);
}

describe('a connection that sends the same header lines again and again', () => {
  it('R08: is judged by the lines of each request, as of a proxy that several users share', async ({
    upstream,
    alice,
    bob,
    ask,
  }) => {
    const secrets = [alice, alice, alice, bob, bob, null, null, alice, wrong(alice), wrong(alice), alice, bob, alice];
    const seen: (string | number | undefined)[] = [];
    for (const secret of secrets) {
      const before = upstream.requests.length;
      const { status } = await ask(secret);
      const received = upstream.requests[before];
      seen.push(received === undefined ? status : (received.header('x-user') ?? 'nobody'));
      expect(upstream.requests.length - before).toBe(status === 200 ? 1 : 0);
    }
    const [a, b, n] = ['alice', 'bob', 'nobody'];
    expect(seen).toEqual([a, a, a, b, b, n, n, a, 401, 401, a, b, a]);
  });

  it('R67: one more line is one more line, and the method and path are those of each request', async ({
    upstream,
    alice,
    ask,
    askAgain,
  }) => {
    await askAgain(alice);
    expect((await ask(alice, { 'X-HTTP-Method-Override': 'DELETE' })).status).toBe(403);
    expect((await ask(alice)).status).toBe(200);
    expect((await ask(alice, {}, 'DELETE')).status).toBe(403);
    expect((await ask(alice, {}, 'GET', '/app/a%2f..%2fb')).status).toBe(400);
    const { status, isReused } = await ask(alice, {}, 'GET', '/app/y');
    expect([status, isReused, upstream.lastRequest?.target]).toEqual([200, true, '/y']);
  });

  it('R42: names the user as he is now', async ({ gateway, upstream, alice, ask, askAgain }) => {
    expect((await askAgain(alice))?.header('x-email')).toBe('');
    await gateway.admin.patch('/users/alice', { email: 'alice@example.org' });
    await ask(alice);
    expect(upstream.lastRequest?.header('x-email')).toBe('alice@example.org');
    await gateway.admin.post('/groups', { name: 'staff' });
    await gateway.admin.put('/groups/staff/members/alice');
    await ask(alice);
    expect(upstream.lastRequest?.header('x-groups')).toBe('staff');
    await gateway.admin.delete('/groups/staff/members/alice');
    await ask(alice);
    expect(upstream.lastRequest?.header('x-groups')).toBe('');
  });

  it('R42: follows a change of the application', async ({ gateway, upstream, alice, ask, askAgain }) => {
    const sent = { 'X-Own': 'mine' };
    expect((await askAgain(alice, sent))?.header('x-own')).toBe('mine');
    const change = (headers: object): Promise<unknown> =>
      gateway.admin.patch('/applications/app', { identity: { mode: 'headers', headers } });
    await change({ ...IDENTITY, 'X-Own': 'user={username}' });
    await ask(alice, sent);
    expect(upstream.lastRequest?.headerValues('x-own')).toEqual(['user=alice']);
    // In a merge patch, null takes a member away (RFC 7396).
    await change({ 'X-Own': null });
    await ask(alice, sent);
    expect(upstream.lastRequest?.headerValues('x-own')).toEqual(['mine']);
  });

  it('R38: uses the header of a proxy only while the proxy is trusted', async ({
    gateway,
    upstream,
    alice,
    ask,
    askAgain,
  }) => {
    const sent = { 'X-Forwarded-For': '192.0.2.7' };
    const chain = async (): Promise<string | undefined> => {
      await ask(alice, sent);
      return upstream.lastRequest?.header('x-forwarded-for');
    };
    expect((await askAgain(alice, sent))?.header('x-forwarded-for')).toBe('127.0.0.1');
    await gateway.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } });
    expect(await chain()).toBe('192.0.2.7, 127.0.0.1');
    await gateway.patchSettings({ ipRestriction: { allowList: ['192.0.2.8'] } });
    expect((await ask(alice, sent)).status).toBe(401);
    await gateway.patchSettings({ ipRestriction: { allowList: [] } });
    expect(await chain()).toBe('192.0.2.7, 127.0.0.1');
    await gateway.patchSettings({ reverseProxy: { enabled: false } });
    expect(await chain()).toBe('127.0.0.1');
  });

  it('R64: ends with the token, and with a second use of its lines after that', async ({
    gateway,
    upstream,
    ask,
    askAgain,
  }) => {
    const { id, secret } = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    await askAgain(secret);
    await gateway.revokeToken(id);
    upstream.clear();
    for (let time = 0; time < 3; time += 1) expect((await ask(secret)).status).toBe(401);
    expect(upstream.bytesReceived).toBe(0);
  });
});
