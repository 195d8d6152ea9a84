import { afterAll, describe, expect, it } from 'vitest';
import type { ProblemBody } from '../support/api.client.js';
import { logIn, OWN_PAGE, sessionOf } from '../support/browser-session.client.js';
import { shareServer } from '../support/gateway-test.js';
import type { ScopegateFixture } from '../support/scopegate.fixture.js';

const PUBLIC_URL = 'https://gate.example';

/** What a proxy adds that has ended TLS. */
const BY_HTTPS = {
  'X-Forwarded-For': '203.0.113.7',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Host': 'gate.example',
};

const PLAIN_COOKIE = /^scopegate=sgb_[0-9A-Za-z]{43}; Path=\/; HttpOnly; SameSite=Strict$/;
const SECURE_COOKIE = /^__Host-scopegate=sgb_[0-9A-Za-z]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/;

type Lines = Readonly<Record<string, string>>;

const admin = (server: ScopegateFixture) => ({ username: 'admin', password: server.adminPassword });

async function cookieOf(server: ScopegateFixture, lines: Lines): Promise<string> {
  const answer = await server.as(null).post('/session', admin(server), { headers: { ...OWN_PAGE, ...lines } });
  expect(answer.status).toBe(201);
  return answer.headers.getSetCookie().join('\n');
}

/** A change with the cookie, from a page of this origin, in a browser that does not say more. */
async function changeFrom(server: ScopegateFixture, cookie: string, origin: string, lines: Lines): Promise<string> {
  const answer = await fetch(`${server.managementUrl}/api/v1/settings`, {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json', Cookie: cookie, Origin: origin, ...lines },
    body: '{}',
  });
  const body = (await answer.json()) as Partial<ProblemBody>;
  return answer.status === 200 ? '200' : `${answer.status} ${body.code}`;
}

describe('behind a proxy that ends TLS', async () => {
  const server = await shareServer();
  afterAll(() => server.patchSettings({ reverseProxy: { enabled: false, trustedProxies: [] } }));

  it('R39, R99: whoever is no trusted proxy cannot claim https, or another host', async () => {
    for (const reverseProxy of [
      { enabled: false, trustedProxies: ['127.0.0.1'] },
      { enabled: true, trustedProxies: ['10.0.0.2'] },
    ]) {
      await server.patchSettings({ reverseProxy });
      expect(await cookieOf(server, BY_HTTPS)).toMatch(PLAIN_COOKIE);
      const { cookie } = await logIn(server.managementUrl, admin(server));
      expect(await changeFrom(server, cookie, PUBLIC_URL, BY_HTTPS)).toBe('403 cross_origin_refused');
      expect(await changeFrom(server, cookie, server.managementUrl, BY_HTTPS)).toBe('200');
    }
  });

  it('R39, R99: with a trusted one the cookie is for https alone, and pages of the outer host are ours', async () => {
    await server.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } });
    expect(await cookieOf(server, BY_HTTPS)).toMatch(SECURE_COOKIE);
    const { cookie, value } = await logIn(server.managementUrl, admin(server), BY_HTTPS);
    expect(await changeFrom(server, cookie, PUBLIC_URL, BY_HTTPS)).toBe('200');
    expect(await changeFrom(server, cookie, 'http://gate.example', BY_HTTPS)).toBe('403 cross_origin_refused');
    expect(await changeFrom(server, cookie, server.managementUrl, BY_HTTPS)).toBe('403 cross_origin_refused');
    // Another host, or plain http, can set a cookie without the prefix: over https it counts for nothing.
    const planted = sessionOf(server.managementUrl, `scopegate=${value}`, BY_HTTPS);
    expect((await planted.api.get('/me')).status).toBe(401);
    // And the other way round: without the proxy this is plain http.
    expect((await sessionOf(server.managementUrl, cookie).api.get('/me')).status).toBe(401);
  });

  it('R99: the logout removes the cookie with the name that it has', async () => {
    const { api } = await logIn(server.managementUrl, admin(server), BY_HTTPS);
    expect((await api.delete('/session')).headers.getSetCookie()).toEqual([
      '__Host-scopegate=; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=0',
    ]);
  });
});

describe('with SCOPEGATE_PUBLIC_URL', async () => {
  const server = await shareServer({ env: { SCOPEGATE_PUBLIC_URL: `${PUBLIC_URL}/console` } });

  it('R99: the cookie is for https, although the proxy says nothing', async () => {
    expect(await cookieOf(server, {})).toMatch(SECURE_COOKIE);
    const { cookie } = await logIn(server.managementUrl, admin(server));
    expect(await changeFrom(server, cookie, PUBLIC_URL, {})).toBe('200');
    for (const origin of ['http://gate.example', 'https://gate.example:8443', 'https://gate.example.evil.test']) {
      expect([origin, await changeFrom(server, cookie, origin, {})]).toEqual([origin, '403 cross_origin_refused']);
    }
  });
});
