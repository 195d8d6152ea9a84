import { describe, expect } from 'vitest';
import { gatewayTest } from '../support/gateway-test.js';
import type { HeaderLine } from '../support/http-message.js';
import { request } from '../support/raw-client.js';
import { bearer, startScopegateFixture } from '../support/scopegate.fixture.js';

const it = gatewayTest
  .extend('alice', { scope: 'file' }, async ({ gateway, upstream }) => {
    await gateway.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } });
    await gateway.createApplication({
      key: 'tracker',
      kind: 'jira',
      mount: { pathPrefix: '/tracker' },
      upstream: upstream.url,
    });
    return gateway.createUser({ username: 'alice' });
  })
  .extend('secret', { scope: 'file' }, async ({ gateway, alice }) => {
    const token = await gateway.createToken({ owner: alice.username, scope: 'read-only' });
    return token.secret;
  })
  .extend(
    'ask',
    ({ gateway, secret }) =>
      (method: string, target: string, headers: readonly HeaderLine[] = []) =>
        request({ port: gateway.port, method, target, headers: [['Host', 'gateway'], bearer(secret), ...headers] }),
  );

function described(method: string, uri: string): readonly HeaderLine[] {
  return [
    ['X-Forwarded-Method', method],
    ['X-Forwarded-Uri', uri],
    ['X-Forwarded-Host', 'tracker.example.org'],
    ['X-Forwarded-Proto', 'https'],
  ];
}

const ISSUE = '/rest/api/2/issue/A-1?fields=summary';

describe('forward authentication', () => {
  it('R84: the request itself is the subject, and an allow says what the upstream must get', async ({
    ask,
    upstream,
  }) => {
    const read = await ask('GET', `/authorize/tracker${ISSUE}`, [['X-Forwarded-User', 'admin']]);
    expect(read.status).toBe(200);
    expect(read.body.length).toBe(0);
    expect(read.headerValues('x-scopegate-code')).toEqual(['allowed']);
    expect(read.headerValues('x-forwarded-user')).toEqual(['alice']);
    expect(read.headerValues('authorization')).toEqual(['']);
    expect(read.headerValues('cookie')).toEqual(['']);

    const write = await ask('POST', `/authorize/tracker${ISSUE}`);
    expect(write.status).toBe(403);
    expect(write.headerValues('x-scopegate-code')).toEqual(['scope_insufficient']);
    expect(upstream.requests).toEqual([]);
  });

  it('R84: what a proxy adds about the same request changes nothing, as the directive forward_auth of Caddy does', async ({
    ask,
  }) => {
    const target = `/authorize/tracker${ISSUE}`;
    expect((await ask('GET', target, described('GET', ISSUE))).status).toBe(200);
    expect((await ask('GET', target, described('POST', ISSUE))).status).toBe(400);
    expect((await ask('GET', target, described('GET', '/rest/api/2/issue/A-1'))).status).toBe(400);
    expect((await ask('POST', target, described('POST', ISSUE))).headerValues('x-scopegate-code')).toEqual([
      'scope_insufficient',
    ]);
  });

  it('R85: headers are the subject, whatever the method of the question', async ({ ask }) => {
    expect((await ask('GET', '/authorize/tracker', described('GET', ISSUE))).status).toBe(200);
    expect((await ask('GET', '/authorize/tracker', described('DELETE', ISSUE))).status).toBe(403);
    const original: readonly HeaderLine[] = [
      ['X-Original-Method', 'GET'],
      ['X-Original-URL', `https://tracker.example.org${ISSUE}`],
    ];
    expect((await ask('HEAD', '/authorize/tracker', original)).status).toBe(200);
    expect((await ask('GET', '/authorize/tracker', [...original, ...described('GET', ISSUE)])).status).toBe(400);
  });

  it('R86: for nginx, a refusal is 401 or 403, and its headers say the rest', async ({ ask }) => {
    const unknown = await ask('GET', '/authorize/nothing/x?statuses=nginx');
    expect(unknown.status).toBe(403);
    expect(unknown.headerValues('x-scopegate-status')).toEqual(['404']);
    const [problem = ''] = unknown.headerValues('x-scopegate-problem');
    expect(JSON.parse(problem)).toMatchObject({ code: 'application_not_found', status: 404 });
    const many = Array.from({ length: 101 }, (_, index): HeaderLine => [`X-Line-${index}`, '1']);
    for (const [method, target, lines, status] of [
      ['GET', '/x', many, '431'],
      ['GET', '/x\\y', [], '400'],
      ['TRACE', '/x', [], '405'],
      ['GET', '/x%zz', [], '400'],
    ] as const) {
      const refused = await ask(method, `/authorize/tracker${target}?statuses=nginx`, lines);
      expect([refused.status, refused.header('x-scopegate-status')], method + target).toEqual([403, status]);
    }
    const allowed = await ask('GET', `/authorize/tracker${ISSUE}&statuses=nginx`);
    expect(allowed.status).toBe(200);
    expect(allowed.headerValues('x-scopegate-status')).toEqual(['200']);
  });

  it('R85: only a trusted proxy may ask', async ({ ask, gateway }) => {
    await gateway.patchSettings({ reverseProxy: { enabled: false } });
    try {
      const refused = await ask('GET', `/authorize/tracker${ISSUE}`);
      expect(refused.status).toBe(403);
      expect(refused.headerValues('x-scopegate-code')).toEqual(['proxy_not_trusted']);
    } finally {
      await gateway.patchSettings({ reverseProxy: { enabled: true } });
    }
  });

  it('R84: what a body would decide is refused', async ({ ask }) => {
    const login = await ask('POST', '/authorize/tracker/rest/auth/1/session');
    expect(login.status).toBe(403);
    expect(login.headerValues('x-scopegate-code')).toEqual(['body_needed']);
  });

  it('R84: a gateway that no proxy asks switches the door off', async () => {
    const closed = await startScopegateFixture({ env: { SCOPEGATE_FORWARD_AUTH: 'false' } });
    try {
      await closed.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } });
      const mount = { pathPrefix: '/tracker' };
      await closed.createApplication({ key: 'tracker', kind: 'generic', mount, upstream: 'http://127.0.0.1:9' });
      const token = await closed.createToken({ scope: 'read-only' });
      const target = '/authorize/tracker/x';
      const answer = await request({ port: closed.port, target, headers: [['Host', 'gateway'], bearer(token.secret)] });
      expect(answer.status).toBe(404);
      expect(answer.headerValues('x-forwarded-user')).toEqual([]);
    } finally {
      await closed.stop();
    }
  });
});
