import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { DataSource } from 'typeorm';
import { AuditEventEntity } from '../../src/audit/audit-event.entity.js';
import { AuditChain } from '../../src/audit/audit-chain.js';
import { AuditShipper } from '../../src/audit/audit-shipper.js';
import { describeOnEachDatabase, restoreRules, unique } from '../support/each-database.js';
import { request, requestBytes, type RawRequest } from '../support/raw-client.js';
import { startRecordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import { basic, bearer, type ScopegateFixture, type TestToken } from '../support/scopegate.fixture.js';
import { until } from '../support/until.js';

describeOnEachDatabase('what is recorded', (server: () => ScopegateFixture) => {
  let upstream: RecordingUpstream;
  let dead: RecordingUpstream;
  let readOnly: TestToken;
  let readWrite: TestToken;
  let expired: TestToken;

  beforeAll(async () => {
    upstream = await startRecordingUpstream();
    dead = await startRecordingUpstream();
    await server().createApplication({
      key: 'app',
      kind: 'generic',
      passwords: 'forward',
      mount: { pathPrefix: '/app' },
      upstream: upstream.url,
    });
    await server().createApplication({
      key: 'slow',
      kind: 'generic',
      mount: { pathPrefix: '/slow' },
      upstream: upstream.url,
      timeoutMs: 1_000,
    });
    await server().createApplication({
      key: 'dead',
      kind: 'generic',
      mount: { pathPrefix: '/dead' },
      upstream: dead.url,
    });
    await dead.stop();
    readOnly = await server().createToken({ scope: 'read-only' });
    readWrite = await server().createToken({ scope: 'read-write' });
    const expiresAt = new Date(Date.now() + 2_000).toISOString();
    expired = await server().createToken({ scope: 'read-only', expiresAt });
    await until(() => Date.now() > Date.parse(expiresAt));
  });
  afterAll(() => upstream.stop());
  afterEach(async () => {
    vi.restoreAllMocks();
    upstream.clear();
    await vi.waitFor(() => restoreRules(server()), { timeout: 30_000, interval: 200 });
  });

  const rowsOf = async (requestId: string): Promise<readonly AuditEventEntity[]> => {
    await server().provider(AuditShipper).flush();
    return server().provider(DataSource).manager.findBy(AuditEventEntity, { requestId });
  };

  interface Case {
    readonly title: string;
    readonly request: () => Omit<RawRequest, 'port'>;
    readonly event: Readonly<Record<string, unknown>>;
    readonly prepare?: () => void | Promise<void>;
  }

  const cases: readonly Case[] = [
    {
      title: 'a request that is allowed',
      request: () => ({ target: '/app/a', headers: [bearer(readOnly.secret)] }),
      event: { type: 'authentication.succeeded', outcome: 'allowed', code: null, status: 200 },
    },
    {
      title: 'a request that the upstream refuses',
      request: () => ({ target: '/app/a', headers: [bearer(readOnly.secret)] }),
      prepare: () => upstream.respondWith(() => ({ status: 404 })),
      event: { type: 'authentication.succeeded', outcome: 'allowed', code: null, status: 404 },
    },
    {
      title: 'a password that is passed on',
      request: () => ({ target: '/app/a', headers: [basic('somebody', 'a password')] }),
      event: { type: 'authentication.passed', outcome: 'passed', credential: 'password', actor: 'somebody' },
    },
    {
      title: 'a HEAD request',
      request: () => ({ method: 'HEAD', target: '/app/a', headers: [bearer(readOnly.secret)] }),
      event: { outcome: 'allowed', method: 'HEAD' },
    },
    {
      title: 'a write with a read-only token',
      request: () => ({
        method: 'POST',
        target: '/app/a',
        headers: [bearer(readOnly.secret), ['Content-Length', '0']],
      }),
      event: { type: 'permission.denied', outcome: 'denied', code: 'scope_insufficient', status: 403 },
    },
    {
      title: 'an expired token',
      request: () => ({ target: '/app/a', headers: [bearer(expired.secret)] }),
      event: { type: 'authentication.failed', outcome: 'failed', code: 'token_expired', status: 401 },
    },
    {
      title: 'a malformed credential',
      request: () => ({ target: '/app/a', headers: [['Authorization', 'Basic %%%']] }),
      event: { type: 'authentication.failed', outcome: 'failed', code: 'credential_malformed', status: 401 },
    },
    {
      title: 'two Authorization lines',
      request: () => ({ target: '/app/a', headers: [bearer(readOnly.secret), bearer(readWrite.secret)] }),
      event: { type: 'authentication.failed', outcome: 'failed', status: 400 },
    },
    {
      title: 'an ambiguous path',
      request: () => ({ target: '/app/a/%2e%2e/b', headers: [bearer(readOnly.secret)] }),
      event: { type: 'authentication.failed', outcome: 'failed', code: 'path_ambiguous', status: 400 },
    },
    {
      title: 'an anonymous request where that is not allowed',
      request: () => ({ target: '/app/a' }),
      event: { type: 'authentication.failed', outcome: 'failed', status: 401, credential: 'none' },
    },
    {
      title: 'an upstream that is not there',
      request: () => ({ target: '/dead/a', headers: [bearer(readOnly.secret)] }),
      event: { type: 'upstream.failed', outcome: 'failed', code: 'upstream_unreachable', status: 502 },
    },
    {
      title: 'an upstream that does not answer in time',
      request: () => ({ target: '/slow/a', headers: [bearer(readOnly.secret)] }),
      prepare: () => upstream.respondWith(() => ({ hang: true })),
      event: { type: 'upstream.failed', outcome: 'failed', code: 'upstream_timeout', status: 504 },
    },
    {
      title: 'an upstream that breaks off in the middle of its answer',
      request: () => ({ target: '/app/a', headers: [bearer(readOnly.secret)] }),
      prepare: () => upstream.respondWith(() => ({ body: 'x'.repeat(1_000), destroyAfterBytes: 10 })),
      event: { type: 'authentication.succeeded', outcome: 'allowed', status: 200 },
    },
    {
      title: 'a throttled address',
      request: () => ({ target: '/app/a', headers: [bearer('sg_wrong')] }),
      prepare: async () => {
        await server().patchSettings({ throttling: { maxFailures: 1, windowSeconds: 1 } });
        for (let count = 0; count < 6; count += 1) {
          await request({ port: server().port, target: '/app/a', headers: [bearer('sg_wrong')] });
        }
      },
      event: { type: 'authentication.failed', outcome: 'failed', code: 'too_many_failures', status: 429 },
    },
  ];

  it.each(cases.map((one): [string, Case] => [one.title, one]))(
    'R55, R57: %s is exactly one event',
    async (_title, one) => {
      await one.prepare?.();
      const requestId = unique('request');
      const sent = one.request();
      await request({ port: server().port, ...sent, headers: [...(sent.headers ?? []), ['X-Request-Id', requestId]] });
      const rows = await rowsOf(requestId);
      expect(rows).toHaveLength(1);
      expect(rows[0]).toMatchObject({ count: 1, ...one.event });
    },
  );

  it('R55: a client that goes away before the answer is exactly one event', async () => {
    upstream.respondWith(() => ({ hang: true }));
    const requestId = unique('request');
    const client = connect(server().port, '127.0.0.1');
    const headers = [bearer(readOnly.secret), ['X-Request-Id', requestId]] as const;
    client.write(requestBytes({ port: server().port, target: '/app/a', headers }));
    await upstream.waitForRequests(1);
    client.destroy();
    await expect.poll(() => rowsOf(requestId)).toHaveLength(1);
  });

  it('R56: repeated failures are counted exactly, whatever came together', async () => {
    const name = unique('Flooder');
    const send = (): Promise<unknown> =>
      request({ port: server().port, target: '/app/a', headers: [basic(name, 'sg_wrong')] });
    for (let round = 0; round < 8; round += 1) await Promise.all(Array.from({ length: 17 }, send));
    const events = (await server().events({ user: name })) as readonly { readonly count?: number }[];
    expect(events).toHaveLength(11);
    expect(events.reduce((sum, event) => sum + (event.count ?? 0), 0)).toBe(136);
  });

  it.each([
    ['settings', 'patch', '/settings', { audit: { anonymous: true } }, '/settings'],
    ['permissions', 'patch', '/permissions', { createForSelf: { readOnlyOnly: true } }, '/permissions'],
    ['applications', 'patch', '/applications/app', { name: 'Other' }, '/applications/app'],
    ['users', 'post', '/users', { username: 'unrecorded', password: 'correct horse battery' }, '/users/unrecorded'],
    ['groups', 'post', '/groups', { name: 'unrecorded' }, '/groups'],
    ['tokens', 'post', '/tokens', { description: 'unrecorded', scope: 'read-only' }, '/tokens?q=unrecorded'],
  ] as const)(
    'R59: a change of %s whose event cannot be stored is not made',
    async (_title, method, path, body, look) => {
      const before = (await server().admin.get(look)).body;
      vi.spyOn(server().provider(AuditChain), 'append').mockRejectedValue(new Error('The log is full.'));
      expect((await server().admin[method](path, body)).status).toBe(500);
      vi.restoreAllMocks();
      const after = (await server().admin.get(look)).body;
      // A refusal carries the id of its request.
      const plain = (value: unknown): unknown =>
        JSON.parse(JSON.stringify(value, (key, member: unknown) => (key === 'requestId' ? null : member)));
      expect(plain(after)).toEqual(plain(before));
    },
  );

  it('R59: a change that is refused leaves no event of a change', async () => {
    const requestId = unique('request');
    const headers = { 'X-Request-Id': requestId };
    const body = { key: 'app', kind: 'generic', mount: { pathPrefix: '/other' }, upstream: upstream.url };
    expect((await server().admin.post('/applications', body, { headers })).status).toBe(409);
    expect((await rowsOf(requestId)).map((row) => row.outcome)).not.toContain('changed');
  });

  it('R59: a change and its event show the same before and after, and who made it', async () => {
    const requestId = unique('request');
    const headers = { 'X-Request-Id': requestId };
    expect((await server().admin.patch('/settings', { audit: { retentionDays: 90 } }, { headers })).status).toBe(200);
    const changed = (await rowsOf(requestId)).filter((row) => row.outcome === 'changed');
    expect(changed).toHaveLength(1);
    expect(changed[0]).toMatchObject({
      type: 'settings.changed',
      actor: 'admin',
      clientIp: '127.0.0.1',
      chain: 'changes',
    });
    expect(changed[0]?.detail).toEqual({ changes: { 'audit.retentionDays': { before: 365, after: 90 } } });
  });
});
