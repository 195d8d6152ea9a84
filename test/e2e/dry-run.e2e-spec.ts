import { afterEach, beforeAll, expect, it } from 'vitest';
import type { ApiClient } from '../support/api.client.js';
import {
  describeOnEachDatabase,
  restoreRules,
  TEST_PERMISSIONS,
  TEST_SETTINGS,
  unique,
} from '../support/each-database.js';
import { expectProblem } from '../support/expect-problem.js';
import type { ScopegateFixture } from '../support/scopegate.fixture.js';

type Warned = { readonly warnings: readonly { readonly code: string; readonly message: string }[] };
type Shown = Warned & Record<string, unknown>;

describeOnEachDatabase('a change that is tried first', (server: () => ScopegateFixture) => {
  let admin: ApiClient;

  beforeAll(() => {
    admin = server().admin;
  });

  afterEach(() => restoreRules(server()));

  const codes = ({ warnings }: Warned): readonly string[] => warnings.map(({ code }) => code);
  const changesOf = async (type: string): Promise<number> => (await server().events({ type })).length;

  it('R102, R41: the settings show what a change would do to the own address, and nothing is stored', async () => {
    const before = await admin.get<Shown>('/settings');
    const events = await changesOf('settings.changed');
    const change = { ipRestriction: { allowList: ['203.0.113.0/24', '203.0.113.0/24'] } };
    const tried = await admin.patch<Shown>('/settings?dryRun=true', change);
    expect(tried.status).toBe(200);
    expect(tried.body['ipRestriction']).toEqual({ allowList: ['203.0.113.0/24'], applyToPasswords: false });
    expect(tried.body.warnings[0]).toEqual({
      code: 'own_address_not_allowed',
      message: expect.stringContaining('127.0.0.1') as string,
    });
    expect(tried.headers.get('etag')).toBe(before.headers.get('etag'));

    expect((await admin.get<Shown>('/settings')).body).toEqual(before.body);
    expect(await changesOf('settings.changed')).toBe(events);
    // The list that was tried refuses nobody.
    const token = await server().createToken({ scope: 'read-only' });
    expect((await server().as({ bearer: token.secret }).get('/me')).status).toBe(200);

    const ifMatch = { headers: { 'If-Match': tried.headers.get('etag') ?? '' } };
    const saved = await admin.patch<Shown>('/settings', change, ifMatch);
    expect(saved.status).toBe(200);
    expect(saved.body).toEqual(tried.body);
    expect(saved.headers.get('etag')).not.toBe(before.headers.get('etag'));
  });

  it('R102, R41: the own address is the one that the tried proxies would give', async () => {
    const behind = { headers: { 'X-Forwarded-For': '198.51.100.9' } };
    const change = {
      ipRestriction: { allowList: ['127.0.0.1'] },
      reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] },
    };
    const tried = await admin.patch<Shown>('/settings?dryRun=true', change, behind);
    expect(tried.body.warnings[0]?.message).toContain('198.51.100.9');
    const allowed = { ...change, ipRestriction: { allowList: ['198.51.100.0/24'] } };
    expect(codes((await admin.patch<Shown>('/settings?dryRun=true', allowed, behind)).body)).not.toContain(
      'own_address_not_allowed',
    );
    const replaced = await admin.put<Shown>(
      '/settings?dryRun=true',
      {
        ...TEST_SETTINGS,
        ...allowed,
        reverseProxy: { ...TEST_SETTINGS.reverseProxy, ...change.reverseProxy },
        ipRestriction: { allowList: ['192.0.2.1'], applyToPasswords: true },
      },
      behind,
    );
    expect(replaced.body.warnings[0]?.message).toContain('198.51.100.9');
    expect((await admin.get<Shown>('/settings')).body).toMatchObject(TEST_SETTINGS);
  });

  it('R102: a try is refused for the same reasons as the change', async () => {
    for (const path of ['/settings', '/permissions']) {
      const stale = { headers: { 'If-Match': '"0-old"' } };
      expectProblem(await admin.patch(`${path}?dryRun=true`, {}, stale), 412, 'version_mismatch');
      expectProblem(await admin.patch(`${path}?dryRun=yes`, {}), 400, 'validation_failed');
      expectProblem(await admin.patch(`${path}?dryRun=true`, { colour: 1 }), 400, 'validation_failed');
      expectProblem(await admin.put(`${path}?dryRun=true`, {}), 400, 'validation_failed');
    }
    const entry = { ipRestriction: { allowList: ['nonsense'] } };
    expectProblem(await admin.patch('/settings?dryRun=true', entry), 400, 'validation_failed');
    const group = { useTokens: { everyone: false, groups: [unique('unknown')] } };
    expectProblem(await admin.patch('/permissions?dryRun=true', group), 400, 'validation_failed');
    const user = await server().createUser({ username: unique('tries') });
    const asUser = server().as({ user: user.username, password: user.password });
    expectProblem(await asUser.patch('/settings?dryRun=true', {}), 403, 'administrator_required');
    const readOnly = await server().createToken({ scope: 'read-only' });
    const asToken = server().as({ bearer: readOnly.secret });
    expectProblem(await asToken.patch('/settings?dryRun=true', {}), 403, 'scope_insufficient');
  });

  it('R102: the permissions show their warnings, and keep who may use tokens', async () => {
    const before = await admin.get<Shown>('/permissions');
    const events = await changesOf('permissions.changed');
    const nobody = { useTokens: { everyone: false, groups: [] } };
    const tried = await admin.patch<Shown>('/permissions?dryRun=true', nobody);
    expect(tried.body['useTokens']).toEqual(nobody.useTokens);
    expect(tried.body.warnings.length).toBeGreaterThan(before.body.warnings.length);
    expect(tried.headers.get('etag')).toBe(before.headers.get('etag'));
    const replaced = await admin.put<Shown>('/permissions?dryRun=true', { ...TEST_PERMISSIONS, ...nobody });
    expect(replaced.body).toEqual(tried.body);
    expect((await admin.get<Shown>('/permissions')).body).toEqual(before.body);
    expect(await changesOf('permissions.changed')).toBe(events);
    const token = await server().createToken({ scope: 'read-only' });
    expect((await server().as({ bearer: token.secret }).get('/me')).status).toBe(200);
  });

  it('R102: an application shows its warnings, and a mount that is taken is a 409', async () => {
    const upstream = 'http://127.0.0.1:9';
    const taken = { pathPrefix: `/${unique('taken')}` };
    await server().createApplication({ upstream, mount: taken });
    const mount = { pathPrefix: `/${unique('tried')}` };
    const key = await server().createApplication({ upstream, mount });
    const before = await admin.get<Shown>(`/applications/${key}`);
    const events = await changesOf('application.changed');
    expectProblem(await admin.patch(`/applications/${key}?dryRun=true`, { mount: taken }), 409, 'conflict');

    const change = {
      anonymous: 'deny',
      upstream: 'http://203.0.113.7:8080',
      identity: { headers: { 'X-Forwarded-User': '{username}', 'X-Api-Key': { secret: 'the-word-nobody-sees' } } },
    };
    const tried = await admin.patch<Shown>(`/applications/${key}?dryRun=true`, change);
    expect(tried.status, JSON.stringify(tried.body)).toBe(200);
    expect(tried.body).toMatchObject({ anonymous: 'deny', upstream: change.upstream, mount });
    expect(JSON.stringify(tried.body)).not.toContain('the-word-nobody-sees');
    expect(tried.headers.get('etag')).toBe(before.headers.get('etag'));
    expect((await admin.get<Shown>(`/applications/${key}`)).body).toEqual(before.body);
    expect(await changesOf('application.changed')).toBe(events);
    const ifMatch = { headers: { 'If-Match': tried.headers.get('etag') ?? '' } };
    const saved = await admin.patch<Shown>(`/applications/${key}`, change, ifMatch);
    expect(saved.body).toEqual(tried.body);
  });
});
