import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { decodeJwt } from 'jose';
import { describe, expect } from 'vitest';
import { gatewayTest } from '../support/gateway-test.js';
import { request, type RawAnswer } from '../support/raw-client.js';
import { basic, bearer, type ScopegateFixture, type TestToken } from '../support/scopegate.fixture.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';

type Verify = (request: IncomingMessage) => Promise<string>;

/** The module of the guide, as written, with the address of this gateway. */
async function importGuide({ url }: ScopegateFixture): Promise<{ readonly userOf: Verify; remove(): void }> {
  const guide = readFileSync('docs/guides/assertions.md', 'utf8');
  const [, code = ''] = /```js\n([\s\S]*?)```/.exec(guide) ?? [];
  const folder = createTemporaryFolder('assertions');
  symlinkSync(join(process.cwd(), 'node_modules'), join(folder.path, 'node_modules'));
  const file = join(folder.path, 'verify.mjs');
  writeFileSync(file, code.replace('https://api.example.com', url));
  const { userOf } = (await import(pathToFileURL(file).href)) as { userOf: Verify };
  return { userOf, remove: () => void folder.remove() };
}

/** An application that answers with the user of the assertion, or with 401 and the reason. */
async function startVerifier(userOf: Verify): Promise<{ readonly url: string; readonly port: number; stop(): void }> {
  const server = createServer((received, answer) => {
    received.resume();
    userOf(received).then(
      (user) => answer.end(user),
      (error: unknown) => answer.writeHead(401).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const it = gatewayTest
  .extend('verifier', { scope: 'file' }, async ({ gateway }, { onCleanup }) => {
    const guide = await importGuide(gateway);
    const verifier = await startVerifier(guide.userOf);
    onCleanup(() => {
      verifier.stop();
      guide.remove();
    });
    return verifier;
  })
  .extend('alice', { scope: 'file' }, async ({ gateway, upstream, verifier }): Promise<TestToken> => {
    const common = { kind: 'generic', anonymous: 'allow', passwords: 'forward' } as const;
    const identity = { mode: 'jwt', audience: 'tracker' };
    await gateway.createApplication({
      ...common,
      key: 'verified',
      mount: { pathPrefix: '/verified' },
      upstream: `${verifier.url}/base`,
      identity,
    });
    await gateway.createApplication({
      ...common,
      key: 'tracker',
      mount: { pathPrefix: '/tracker' },
      upstream: `${upstream.url}/base`,
      identity,
    });
    await gateway.createApplication({
      ...common,
      key: 'authorized',
      mount: { pathPrefix: '/authorized' },
      upstream: upstream.url,
      identity: { ...identity, header: 'Authorization' },
    });
    await gateway.createUser({ username: 'alice' });
    return gateway.createToken({ owner: 'alice', scope: 'read-write' });
  })
  .extend('send', ({ gateway, alice }) => {
    return (
      target: string,
      more: { readonly method?: string; readonly headers?: readonly (readonly [string, string])[] } = {},
    ): Promise<RawAnswer> =>
      request({
        port: gateway.port,
        target,
        headers: [['Host', 'a'], bearer(alice.secret), ...(more.headers ?? [])],
        ...(more.method === undefined ? {} : { method: more.method }),
      });
  });

describe('a signed assertion', () => {
  it('R72: tells the application who the user is, which verifies it as the guide says', async ({ send }) => {
    for (const target of ['/verified', '/verified/issues/1?full=1', '/verified/a%2Fb;c=%41/']) {
      const answer = await send(target);
      expect([target, answer.status, answer.text()]).toEqual([target, 200, 'alice']);
    }
    const all = await Promise.all(Array.from({ length: 20 }, () => send('/verified/x', { method: 'DELETE' })));
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('R72: is bound to the token, the method and the path, and ends after a minute', async ({
    upstream,
    send,
    alice,
  }) => {
    for (const [method, target, path] of [
      ['GET', '/tracker/issues/1?full=1', '/base/issues/1'],
      ['PATCH', '/tracker/a%2fb//c', null],
      ['PROPFIND', '/tracker', '/base'],
    ] as const) {
      expect((await send(target, { method })).status).toBe(200);
      const received = upstream.lastRequest;
      const [assertion = '', ...more] = received?.headerValues('x-scopegate-assertion') ?? [];
      expect(more).toEqual([]);
      const claims = decodeJwt(assertion);
      expect(claims).toMatchObject({
        aud: 'tracker',
        sub: 'alice',
        scope: 'read-write',
        tokenId: alice.id,
        method,
        path: received?.target.split('?', 1)[0],
      });
      if (path !== null) expect(claims['path']).toBe(path);
      expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(60);
      expect(received?.headerValues('x-forwarded-user')).toEqual([]);
      expect(received?.headerValues('authorization')).toEqual([]);
    }
  });

  it('R72: that was copied is refused: again, with another method, path or user', async ({
    upstream,
    verifier,
    send,
  }) => {
    // The application of the guide, asked past the gateway with what another upstream has received.
    const askWith = async (method: string, target: string, assertion: string): Promise<RawAnswer> =>
      request({
        port: verifier.port,
        method,
        target,
        headers: [
          ['Host', 'a'],
          ['X-Scopegate-Assertion', assertion],
        ],
      });
    const copied = async (): Promise<string> => {
      await send('/tracker/issues/1');
      return upstream.lastRequest?.header('x-scopegate-assertion') ?? '';
    };
    const assertion = await copied();
    expect((await askWith('DELETE', '/base/issues/1', assertion)).status).toBe(401);
    expect((await askWith('GET', '/base/issues/2', assertion)).status).toBe(401);
    expect((await askWith('GET', '/base/issues/1/', assertion)).status).toBe(401);
    expect((await askWith('GET', '/base/issues/1', assertion)).text()).toBe('alice');
    expect((await askWith('GET', '/base/issues/1', assertion)).text()).toContain('has been used');
    const [head = '', , signature = ''] = (await copied()).split('.');
    const forged = Buffer.from(JSON.stringify({ ...decodeJwt(assertion), sub: 'admin', jti: 'x' })).toString(
      'base64url',
    );
    expect((await askWith('GET', '/base/issues/1', `${head}.${forged}.${signature}`)).status).toBe(401);
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    expect((await askWith('GET', '/base/issues/1', `${none}.${forged}.`)).status).toBe(401);
  });

  it('R72: of a client does not reach the application, with a token or without', async ({
    gateway,
    upstream,
    send,
  }) => {
    await send('/tracker/x');
    const old = upstream.lastRequest?.header('x-scopegate-assertion') ?? '';
    const forged = ['X-Scopegate-Assertion', 'x_scopegate_assertion', 'X.SCOPEGATE.Assertion'].map(
      (name) => [name, old] as const,
    );
    await send('/tracker/x', { headers: forged });
    const lines = (upstream.lastRequest?.headerLines ?? []).filter(([name]) => /assertion/i.test(name));
    expect(lines).toHaveLength(1);
    expect(lines[0]?.[1]).not.toBe(old);
    for (const credential of [[], [basic('alice', 'a password')]]) {
      const answer = await request({
        port: gateway.port,
        target: '/tracker/x',
        headers: [['Host', 'a'], ...credential, ...forged],
      });
      expect(answer.status).toBe(200);
      expect(JSON.stringify(upstream.lastRequest?.headerLines)).not.toContain(old);
    }
  });

  it('R72: in Authorization is a Bearer token, and takes the place of the client’s own', async ({
    gateway,
    upstream,
    send,
  }) => {
    await send('/authorized/x');
    const [line = '', ...more] = upstream.lastRequest?.headerValues('authorization') ?? [];
    expect(more).toEqual([]);
    expect(decodeJwt(line.replace(/^Bearer /, ''))).toMatchObject({ sub: 'alice', path: '/x' });
    await request({ port: gateway.port, target: '/authorized/x', headers: [['Host', 'a'], basic('alice', 'x')] });
    expect(upstream.lastRequest?.headerValues('authorization')).toEqual([]);
  });

  it('R72: shows the scope and the owner of each token', async ({ gateway, upstream, alice: _alice }) => {
    await gateway.createUser({ username: 'Zo\u00eb M\u00fcller' });
    const token = await gateway.createToken({ owner: 'Zo\u00eb M\u00fcller', scope: 'read-only' });
    await request({ port: gateway.port, target: '/tracker/x', headers: [['Host', 'a'], bearer(token.secret)] });
    const assertion = upstream.lastRequest?.header('x-scopegate-assertion') ?? '';
    expect(decodeJwt(assertion)).toMatchObject({ sub: 'Zo\u00eb M\u00fcller', scope: 'read-only', tokenId: token.id });
  });
});
