import { describe, expect } from 'vitest';
import { gatewayTest } from '../support/gateway-test.js';
import type { HeaderLine } from '../support/http-message.js';
import { request } from '../support/raw-client.js';
import { basic, bearer } from '../support/scopegate.fixture.js';

const it = gatewayTest
  .extend('applications', { scope: 'file' }, async ({ gateway, upstream }) => {
    await gateway.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } });
    const application = { kind: 'generic', passwords: 'forward', upstream: `${upstream.url}/base` } as const;
    await gateway.createApplication({ ...application, key: 'inner', mount: { pathPrefix: '/app' } });
    await gateway.createApplication({ ...application, key: 'asked', mount: { pathPrefix: '/asked' }, host: 'client' });
    const host = 'wiki.example.com:8443';
    await gateway.createApplication({ ...application, key: 'named', mount: { pathPrefix: '/named' }, host });
    await gateway.createApplication({ ...application, key: 'host', mount: { host: 'host.test' } });
  })
  .extend('token', { scope: 'file' }, async ({ gateway, applications: _applications }) => {
    await gateway.createUser({ username: 'alice' });
    const { secret } = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    return secret;
  })
  .extend(
    'send',
    ({ gateway, token }) =>
      (target: string, headers: readonly HeaderLine[] = [], host = 'api.example.com:8080') =>
        request({ port: gateway.port, target, headers: [['Host', host], bearer(token), ...headers] }),
  );

const BEHIND_TLS: readonly HeaderLine[] = [
  ['X-Forwarded-Proto', 'https'],
  ['X-Forwarded-Host', 'outer.example.com'],
];

describe('the addresses of an application', () => {
  it.for([
    ['/app/x', 'the upstream’s own', undefined],
    ['/asked/x', 'the one that the client asked', 'api.example.com:8080'],
    ['/named/x', 'a fixed one', 'wiki.example.com:8443'],
  ] as const)('R115: the Host line of %s is %s', async ([target, , expected], { upstream, send }) => {
    await send(target);
    expect(upstream.lastRequest?.headerValues('host')).toEqual([expected ?? new URL(upstream.url).host]);
  });

  it('R115: the Host line of the client is the one that a trusted proxy names', async ({ upstream, send }) => {
    await send('/asked/x', BEHIND_TLS);
    expect(upstream.lastRequest?.headerValues('host')).toEqual(['outer.example.com']);
  });

  it('R115: the upstream learns the path and the port of the mount, whatever the client says of them', async ({
    upstream,
    send,
  }) => {
    const told = (): unknown =>
      ['port', 'prefix', 'host', 'proto'].map((name) => upstream.lastRequest?.headerValues(`x-forwarded-${name}`));
    const forged: readonly HeaderLine[] = [
      ['X-Forwarded-Prefix', '/forged'],
      ['X_Forwarded_Port', '1'],
    ];
    await send('/app/x', forged);
    expect(told()).toEqual([['8080'], ['/app'], ['api.example.com:8080'], ['http']]);
    await send('/app/x', [...forged, ...BEHIND_TLS]);
    expect(told()).toEqual([['443'], ['/app'], ['outer.example.com'], ['https']]);
    await send('/x', forged, 'host.test');
    expect(told()).toEqual([['80'], [], ['host.test'], ['http']]);
  });

  it('R115: a redirect to itself leads the client back to the mount', async ({ upstream, send }) => {
    upstream.respondWith((received) => ({
      status: 302,
      headers: [
        ['Location', `http://${received.header('host')}${received.target}/next?a=1`],
        ['Content-Location', `${received.target}.json`],
        ['Link', `<http://${received.header('host')}${received.target}?page=2>; rel="next"`],
      ],
    }));
    for (const [target, host, outer] of [
      ['/app/x', 'api.example.com:8080', 'http://api.example.com:8080/app/x'],
      ['/asked/x', 'api.example.com:8080', 'http://api.example.com:8080/asked/x'],
      ['/named/x', 'api.example.com:8080', 'http://api.example.com:8080/named/x'],
      ['/x', 'host.test', 'http://host.test/x'],
    ] as const) {
      const answer = await send(target, [], host);
      expect(answer.header('location')).toBe(`${outer}/next?a=1`);
      expect(answer.header('content-location')).toBe(`${target}.json`);
      expect(answer.header('link')).toBe(`<${outer}?page=2>; rel="next"`);
    }
    const behind = await send('/app/x', BEHIND_TLS);
    expect(behind.header('location')).toBe('https://outer.example.com/app/x/next?a=1');
  });

  it('R115: a redirect elsewhere stays as it is', async ({ upstream, send }) => {
    for (const location of ['https://login.example.com/base/x', `${upstream.url}/other`, '/other', 'x?y', '']) {
      upstream.respondWith(() => ({ status: 302, headers: [['Location', location]] }));
      expect((await send('/app/x')).header('location')).toBe(location);
    }
  });

  it('R115: a cookie of a person is for the mount, and one of a token stays here', async ({
    gateway,
    upstream,
    send,
  }) => {
    upstream.respondWith(() => ({
      status: 200,
      headers: [
        ['Set-Cookie', 'a=1; Path=/base; Domain=127.0.0.1; HttpOnly'],
        ['Set-Cookie', 'b=2; Path=/'],
      ],
    }));
    const asPerson = await request({
      port: gateway.port,
      target: '/app/x',
      headers: [['Host', 'api.example.com'], basic('bob', 'a password')],
    });
    expect(asPerson.headerValues('set-cookie')).toEqual(['a=1; Path=/app; HttpOnly', 'b=2; Path=/']);
    expect((await send('/app/x')).headerValues('set-cookie')).toEqual([]);
  });

  it.for(['', 'a b', 'a/b', 'user@host', 'a:b', 'a\r\nX: 1', 'a,b'])(
    'R115: %j is no host to send',
    async (host, { gateway, upstream }) => {
      const body = { key: 'bad', kind: 'generic', mount: { pathPrefix: '/bad' }, upstream: upstream.url, host };
      expect(await gateway.admin.post('/applications', body)).toMatchObject({ status: 400 });
    },
  );
});
