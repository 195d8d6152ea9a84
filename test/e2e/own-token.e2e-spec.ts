import { expect } from 'vitest';
import type { ApiClient } from '../support/api.client.js';
import { expectProblem } from '../support/expect-problem.js';
import { gatewayTest } from '../support/gateway-test.js';
import { request } from '../support/raw-client.js';
import { basic, bearer, type NewToken, type TestToken } from '../support/scopegate.fixture.js';

type Token = TestToken & { readonly successorId: string | null; readonly applications: readonly string[] | null };

const DAY_MS = 86_400_000;
const EXPIRES = 'x-scopegate-token-expires';

const inDays = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString();

const it = gatewayTest.extend('applications', { scope: 'file', auto: true }, async ({ gateway, upstream }) => {
  await gateway.createApplication({ key: 'jira', mount: { pathPrefix: '/jira' }, upstream: upstream.url });
  await gateway.createApplication({
    key: 'wiki',
    kind: 'generic',
    mount: { pathPrefix: '/wiki' },
    upstream: 'http://127.0.0.1:9',
  });
  await gateway.createUser({ username: 'alice' });
});

type Gateway = { createToken(token: NewToken): Promise<TestToken>; as(credential: { bearer: string }): ApiClient };

async function ownToken(gateway: Gateway, token: Partial<NewToken> = {}): Promise<{ token: TestToken; as: ApiClient }> {
  const made = await gateway.createToken({ owner: 'alice', scope: 'read-only', ...token });
  return { token: made, as: gateway.as({ bearer: made.secret }) };
}

it('R123: a read-only token that is limited to an application shows itself', async ({ gateway }) => {
  const { token, as } = await ownToken(gateway, { applications: ['jira'] });
  const shown = await as.get<Token>('/tokens/self');
  expect(shown.status).toBe(200);
  expect(shown.body).toMatchObject({ id: token.id, owner: 'alice', scope: 'read-only', applications: ['jira'] });
  expect(shown.body).not.toHaveProperty('secret');
  expectProblem(await as.get('/tokens'), 401, 'token_not_accepted');
  expectProblem(await as.get(`/tokens/${token.id}`), 401, 'token_not_accepted');
});

it('R123: it rotates itself, for the same time and the same applications, and is audited', async ({ gateway }) => {
  const expiresAt = inDays(60);
  const { token, as } = await ownToken(gateway, { applications: ['jira'], expiresAt });
  const rotated = await as.post<Token>('/tokens/self/rotate', { overlap: 'PT1H' });
  expect(rotated.status).toBe(201);
  expect(rotated.headers.get('location')).toBe(`/api/v1/tokens/${rotated.body.id}`);
  expect(rotated.body).toMatchObject({ owner: 'alice', scope: 'read-only', applications: ['jira'], expiresAt });
  expect((await gateway.as({ bearer: rotated.body.secret }).get('/tokens/self')).body).toMatchObject({ expiresAt });
  const [event] = await gateway.events({ type: 'token.rotated', tokenId: token.id });
  expect(event).toMatchObject({ actor: 'alice', owner: 'alice' });
  expect(event?.detail).toMatchObject({ successorId: rotated.body.id, successorExpiresAt: expiresAt });
  expect(JSON.stringify(event)).not.toContain(rotated.body.secret);
});

it('R123: it revokes itself, and every node that confirms it is named with wait', async ({ gateway }) => {
  const first = await ownToken(gateway);
  const second = await ownToken(gateway, { applications: ['jira'] });
  expect((await first.as.delete('/tokens/self')).status).toBe(204);
  const waited = await second.as.delete<{ revoked: number; missing: string[] }>('/tokens/self?wait=true');
  expect(waited.status).toBe(200);
  expect(waited.body).toMatchObject({ revoked: 1, missing: [] });
  for (const { as } of [first, second]) expectProblem(await as.get('/tokens/self'), 401, 'token_revoked');
  const [event] = await gateway.events({ type: 'token.revoked', tokenId: first.token.id });
  expect(event).toMatchObject({ actor: 'alice', owner: 'alice' });
});

it('R10, R123: a token may end sooner by its rotation, and not later', async ({ gateway }) => {
  const { as } = await ownToken(gateway, { expiresAt: inDays(60) });
  const rotate = (body: object) => as.post<Token>('/tokens/self/rotate', body);
  expectProblem(await rotate({ validity: 'P1Y' }), 403, 'exceeds_parent_token');
  expectProblem(await rotate({ expiresAt: inDays(61) }), 403, 'exceeds_parent_token');
  expectProblem(await rotate({ validity: 'P1M', expiresAt: inDays(20) }), 400, 'validation_failed');
  expectProblem(await rotate({ expiresAt: inDays(-1) }), 400, 'validation_failed');
  const expiresAt = inDays(20);
  const shorter = await rotate({ expiresAt });
  expect(shorter.status).toBe(201);
  expect(shorter.body.expiresAt).toBe(expiresAt);
  expectProblem(await as.get('/tokens/self'), 401, 'token_revoked');
});

it('R123: a user with a password renews a token within the maximum', async ({ gateway, onTestFinished }) => {
  onTestFinished(() => gateway.patchSettings({ tokenValidity: { maximum: 'never' } }));
  const { token } = await ownToken(gateway, { expiresAt: inDays(20) });
  await gateway.patchSettings({ tokenValidity: { maximum: 'P1Y' } });
  const rotate = (body: object) => gateway.admin.post<Token>(`/tokens/${token.id}/rotate`, body);
  expectProblem(await rotate({ validity: 'P2Y' }), 400, 'validation_failed');
  expectProblem(await rotate({ validity: 'P1M' }), 400, 'validation_failed');
  expectProblem(await rotate({ expiresAt: inDays(400) }), 400, 'validation_failed');
  const both = expectProblem(await rotate({ validity: 'P6M', expiresAt: inDays(20) }), 400, 'validation_failed');
  expect(both.detail).toContain('not both');
  const renewed = await rotate({ validity: 'P1Y', overlap: 'P1D' });
  expect(renewed.status).toBe(201);
  expect(Date.parse(renewed.body.expiresAt ?? '')).toBeGreaterThan(Date.now() + 364 * DAY_MS);
});

it('R123: a rotation by the token itself needs the permission to create', async ({ gateway, onTestFinished }) => {
  onTestFinished(() => gateway.patchPermissions({ createForSelf: { everyone: true } }));
  const { as } = await ownToken(gateway);
  await gateway.patchPermissions({ createForSelf: { everyone: false, groups: [] } });
  expectProblem(await as.post('/tokens/self/rotate', {}), 403, 'create_not_permitted');
  expect((await as.delete('/tokens/self')).status).toBe(204);
});

it('R123: every answer to a token that ends within 14 days says when, and no other answer does', async ({
  gateway,
  upstream,
}) => {
  const expiresAt = inDays(13);
  const { token: near } = await ownToken(gateway, { expiresAt });
  const { token: far } = await ownToken(gateway, { expiresAt: inDays(15) });
  const { token: forever } = await ownToken(gateway);
  upstream.respondWith(() => ({
    status: 200,
    // An upstream cannot write it: it is the gateway's own line.
    headers: [
      ['X-Scopegate-Token-Expires', '2001-01-01T00:00:00.000Z'],
      ['Set-Cookie', 'a=1'],
      ['Vary', 'Accept'],
      ['Vary', 'Accept-Language'],
    ],
    body: 'ok',
  }));
  const calls = [
    ['GET', '/jira/rest/api/2/myself', 200],
    ['HEAD', '/jira/rest/api/2/myself', 200],
    ['POST', '/jira/rest/auth/1/session', 200],
    ['DELETE', '/jira/rest/api/2/issue/1', 403],
    ['GET', '/jira/secure/Dashboard.jspa', 401],
    ['GET', '/wiki/page', 502],
    ['GET', '/api/v1/me', 200],
    ['GET', '/api/v1/tokens/none', 404],
    ['POST', '/api/v1/tokens/revoke', 403],
  ] as const;
  const ask = (method: string, target: string, secret: string) =>
    request({ port: gateway.port, method, target, headers: [bearer(secret)] });
  for (const [method, target, status] of calls) {
    const answer = await ask(method, target, near.secret);
    expect([target, answer.status, answer.header(EXPIRES)]).toEqual([target, status, expiresAt]);
    for (const other of [far, forever]) {
      const same = await ask(method, target, other.secret);
      expect(same.status).toBe(status);
      expect(same.headerValues(EXPIRES)).toEqual([]);
    }
  }
  const proxied = await ask('GET', '/jira/rest/api/2/myself', near.secret);
  expect(proxied.headerValues('vary')).toEqual(['Accept', 'Accept-Language']);
});

it('R11, R123: so do the answers to its session', async ({ gateway }) => {
  const expiresAt = inDays(3);
  const { token } = await ownToken(gateway, { expiresAt });
  const target = '/jira/rest/auth/1/session';
  const login = await request({ port: gateway.port, method: 'POST', target, headers: [bearer(token.secret)] });
  const cookie = login.header('set-cookie')?.split(';')[0] ?? '';
  const answer = await request({
    port: gateway.port,
    target: '/jira/rest/api/2/myself',
    headers: [['Cookie', cookie]],
  });
  expect([answer.status, answer.header(EXPIRES)]).toEqual([200, expiresAt]);
});

it('R123: no answer says anything of a token that is not the caller’s, or that has ended', async ({ gateway }) => {
  const { token } = await ownToken(gateway, { expiresAt: inDays(1) });
  const { token: dead } = await ownToken(gateway, { expiresAt: inDays(1) });
  await gateway.revokeToken(dead.id);
  const target = '/jira/rest/api/2/myself';
  for (const line of [basic('bob', token.secret), bearer(`${token.secret}0`), bearer(dead.secret)]) {
    const answer = await request({ port: gateway.port, target, headers: [line] });
    expect([answer.status, answer.header(EXPIRES)]).toEqual([401, undefined]);
  }
});
