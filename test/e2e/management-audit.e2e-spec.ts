import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { ApiAnswer, ApiClient } from '../support/api.client.js';
import { describeOnEachDatabase, restoreRules, unique } from '../support/each-database.js';
import { expectProblem } from '../support/expect-problem.js';
import { request } from '../support/raw-client.js';
import { startRecordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import { basic, bearer, type ScopegateFixture, type TestEvent, type TestUser } from '../support/scopegate.fixture.js';
import { until } from '../support/until.js';

type Event = TestEvent & {
  readonly count: number;
  readonly tokenDescription: string | null;
  readonly durationMs: number | null;
  readonly userAgent: string | null;
};
type Page = { readonly items: readonly Event[]; readonly nextCursor: string | null };

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describeOnEachDatabase('the audit log at the management API', (server: () => ScopegateFixture) => {
  let upstream: RecordingUpstream;
  let user: TestUser;
  let asUser: ApiClient;
  let key: string;

  beforeAll(async () => {
    upstream = await startRecordingUpstream();
    user = await server().createUser({ username: unique('Auditee') });
    asUser = server().as({ user: user.username, password: user.password });
    key = await server().createApplication({
      upstream: upstream.url,
      mount: { pathPrefix: '/audited' },
      version: '9.12.0',
      key: unique('audited'),
    });
  });

  afterAll(() => upstream.stop());
  afterEach(() => restoreRules(server()));

  const events = (query: Record<string, string>): Promise<readonly Event[]> =>
    server().events(query) as Promise<readonly Event[]>;
  /** The events of one request. */
  const eventsOf = async (requestId: string): Promise<readonly Event[]> =>
    (await events({})).filter((event) => event.requestId === requestId);
  const send = async (
    headers: readonly (readonly [string, string])[],
    more: { method?: string; target?: string } = {},
  ): Promise<{ readonly status: number; readonly events: readonly Event[] }> => {
    const requestId = unique('request');
    const answer = await request({
      port: server().port,
      target: '/audited/rest/api/2/issue?secret=query',
      ...more,
      headers: [...headers, ['X-Request-Id', requestId]],
    });
    expect(answer.header('x-request-id')).toBe(requestId);
    return { status: answer.status, events: await eventsOf(requestId) };
  };

  it('R55: a proxied request is one event with who, what, from where and how it ended', async () => {
    const token = await server().createToken({ scope: 'read-only', owner: user.username, description: 'audited use' });
    const { events: found } = await send([bearer(token.secret), ['User-Agent', 'curl/8.5 (audit)']]);
    expect(found).toEqual([
      {
        id: expect.stringMatching(/^[0-9A-Z]{26}$/) as unknown,
        at: expect.stringMatching(INSTANT) as unknown,
        count: 1,
        type: 'authentication.succeeded',
        outcome: 'allowed',
        upstreamRefused: false,
        code: null,
        actor: user.username,
        owner: user.username,
        tokenId: token.id,
        tokenDescription: 'audited use',
        tokenScope: 'read-only',
        credential: 'bearer-token',
        clientIp: '127.0.0.1',
        peer: '127.0.0.1',
        method: 'GET',
        path: '/rest/api/2/issue',
        application: key,
        status: 200,
        durationMs: expect.any(Number) as unknown,
        userAgent: 'curl/8.5 (audit)',
        requestId: found[0]?.requestId,
        detail: null,
        door: 'proxy',
      },
    ]);
  });

  it('R55: a token request that the upstream refuses is allowed and says so, in every form of the log', async () => {
    const token = await server().createToken({ scope: 'read-only', owner: user.username });
    for (const [status, upstreamRefused] of [
      [401, true],
      [403, true],
      [404, false],
      [500, false],
    ] as const) {
      upstream.respondWith(() => ({ status }));
      expect((await send([bearer(token.secret)])).events).toMatchObject([
        { type: 'authentication.succeeded', outcome: 'allowed', code: null, status, upstreamRefused, detail: null },
      ]);
    }
    upstream.respondWith(() => ({ status: 401 }));
    const passed = await send([basic('somebody', 'their password')]);
    expect(passed.events).toMatchObject([{ outcome: 'passed', status: 401, upstreamRefused: false }]);
    upstream.clear();
    const refusedHere = await send([bearer(token.secret)], { method: 'DELETE' });
    expect(refusedHere.events).toMatchObject([{ outcome: 'denied', status: 403, upstreamRefused: false }]);

    const lines = await server().admin.get<string>(`/audit-events/export?tokenId=${token.id}`);
    const exported = lines.body
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as TestEvent & { upstreamRefused: boolean });
    expect(exported.filter((event) => event.upstreamRefused).map((event) => event.status)).toEqual([403, 401]);
    const csv = await server().admin.get<string>(`/audit-events/export?format=csv&tokenId=${token.id}`);
    const [header = '', ...rows] = csv.body.trim().split('\r\n');
    const column = header.split(',').indexOf('upstreamRefused');
    expect(rows.filter((row) => row.split(',')[column] === 'true')).toHaveLength(2);
    const verified = await server().admin.post<{ intact: boolean }>('/audit-events/verify', {});
    expect(verified.body).toMatchObject({ intact: true });
  });

  it('R55: an application whose upstream refuses every token request carries a warning, until one is accepted', async () => {
    const token = await server().createToken({ scope: 'read-only', owner: user.username });
    const warnings = async (): Promise<readonly string[]> => {
      const one = await server().admin.get<{ warnings: { code: string }[] }>(`/applications/${key}`);
      const all = await server().admin.get<{ items: { key: string; warnings: unknown }[] }>('/applications?limit=200');
      expect(all.body.items.find((item) => item.key === key)?.warnings).toEqual(one.body.warnings);
      return one.body.warnings.map((warning) => warning.code);
    };
    const answer = async (status: number, headers: readonly (readonly [string, string])[]): Promise<void> => {
      upstream.respondWith(() => ({ status }));
      await send(headers);
    };
    await answer(200, [bearer(token.secret)]);
    for (const status of [401, 403]) await answer(status, [bearer(token.secret)]);
    // What the upstream answers to passwords and to anonymous requests is no decision of the gateway, nor is an outage.
    for (const headers of [[basic('somebody', 'their password')], []]) await answer(401, headers);
    for (const headers of [[basic('somebody', 'their password')], []]) await answer(200, headers);
    await answer(500, [bearer(token.secret)]);
    expect(await warnings()).not.toContain('identity_refused');
    await answer(401, [basic(user.username, token.secret)]);
    expect(await warnings()).toContain('identity_refused');
    await answer(200, [bearer(token.secret)]);
    expect(await warnings()).not.toContain('identity_refused');
    for (let count = 0; count < 3; count += 1) await answer(401, [bearer(token.secret)]);
    expect(await warnings()).toContain('identity_refused');
    // A change of the application makes what was before worthless.
    await server().admin.patch(`/applications/${key}`, { name: unique('renamed') });
    expect(await warnings()).not.toContain('identity_refused');
    upstream.clear();
  });

  it('R55: audit.successes governs what is passed on as well', async () => {
    await server().patchSettings({ audit: { successes: false, anonymous: true } });
    expect((await send([basic('somebody', 'their password')])).events).toEqual([]);
    expect((await send([])).events).toEqual([]);
  });

  it('R55, R42: a password that is passed on is recorded as one, an anonymous request only when asked to', async () => {
    const passed = await send([basic('somebody', 'their password')]);
    expect(passed.events).toMatchObject([
      {
        type: 'authentication.passed',
        outcome: 'passed',
        credential: 'password',
        actor: 'somebody',
        tokenId: null,
        status: 200,
      },
    ]);
    expect((await send([])).events).toEqual([]);
    await server().patchSettings({ audit: { anonymous: true } });
    expect((await send([])).events).toMatchObject([
      { type: 'authentication.passed', outcome: 'passed', credential: 'none', actor: null },
    ]);
  });

  it('R56: tells failed authentications apart, also where the client gets one answer for all', async () => {
    const owner = user.username;
    const token = await server().createToken({ scope: 'read-write', owner });
    const revoked = await server().createToken({ scope: 'read-write', owner });
    await server().revokeToken(revoked.id);
    const expiresAt = new Date(Date.now() + 2_000).toISOString();
    const expired = await server().createToken({ scope: 'read-write', owner, expiresAt });
    const elsewhere = await server().createToken({ scope: 'read-write', owner, allowList: ['192.0.2.1'] });
    const unknown = `${token.secret.slice(0, 3)}${'0'.repeat(12)}${token.secret.slice(15)}`;
    await until(() => Date.now() > Date.parse(expiresAt));
    for (const [headers, status, code] of [
      [[bearer(unknown)], 401, 'token_malformed'],
      [[bearer('sg_x')], 401, 'token_malformed'],
      [[['Authorization', 'Basic !!!']], 401, 'credential_malformed'],
      [[basic('somebody-else', token.secret)], 401, 'owner_mismatch'],
      [[bearer(expired.secret)], 401, 'token_expired'],
      [[bearer(revoked.secret)], 401, 'token_revoked'],
      [[bearer(elsewhere.secret)], 401, 'ip_not_allowed'],
    ] as const) {
      const sent = await send(headers);
      expect(sent.status).toBe(status);
      expect(sent.events, code).toMatchObject([{ type: 'authentication.failed', outcome: 'failed', code, status }]);
    }
    await server().patchSettings({ passwords: { enabled: false } });
    const disabled = await send([basic('somebody', 'their password')]);
    expect(disabled.events).toMatchObject([{ type: 'authentication.failed', code: 'password_disabled', status: 401 }]);
    await server().patchSettings({ throttling: { maxFailures: 1 } });
    await send([basic('throttled', token.secret)]);
    const throttled = await send([basic('throttled', token.secret)]);
    expect(throttled.events).toMatchObject([
      { type: 'authentication.failed', code: 'too_many_failures', status: 429, actor: 'throttled' },
    ]);
  });

  it('R57: a forbidden request is one event, and one alone', async () => {
    const token = await server().createToken({ scope: 'read-only', owner: user.username });
    upstream.clear();
    const { status, events: found } = await send([basic(user.username, token.secret)], { method: 'POST' });
    expect(status).toBe(403);
    expect(found).toMatchObject([
      {
        type: 'permission.denied',
        outcome: 'denied',
        code: 'scope_insufficient',
        credential: 'basic-token',
        tokenScope: 'read-only',
        method: 'POST',
        status: 403,
      },
    ]);
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R55, R63: what is asked of the management API is recorded as well, logins as logins', async () => {
    const id = (): { headers: Record<string, string> } => ({ headers: { 'X-Request-Id': unique('request') } });
    const token = await server().createToken({ scope: 'read-write', owner: user.username });
    for (const [as, expected] of [
      [asUser, { type: 'login.succeeded', outcome: 'allowed', credential: 'password', actor: user.username }],
      [
        server().as({ user: user.username, password: 'not the password' }),
        { type: 'login.failed', outcome: 'failed', code: 'password_wrong', actor: user.username },
      ],
      [
        server().as({ user: 'nobody-at-all', password: 'not the password' }),
        { type: 'login.failed', outcome: 'failed', code: 'password_wrong', actor: 'nobody-at-all' },
      ],
      [
        server().as({ bearer: token.secret }),
        { type: 'authentication.succeeded', outcome: 'allowed', credential: 'bearer-token', tokenId: token.id },
      ],
    ] as const) {
      const options = id();
      await as.get('/me', options);
      const found = await eventsOf(options.headers['X-Request-Id'] ?? '');
      expect(found).toMatchObject([{ ...expected, application: null, method: 'GET', path: '/api/v1/me' }]);
    }
    const options = id();
    await asUser.get('/settings', options);
    expect(await eventsOf(options.headers['X-Request-Id'] ?? '')).toMatchObject([
      { type: 'permission.denied', code: 'administrator_required', actor: user.username, status: 403 },
    ]);
  });

  it('R59: every change is recorded with its actor and what changed, secrets left out', async () => {
    const admin = server().admin;
    const name = unique('changed');
    const start = new Date(Date.now() - 1).toISOString();
    await admin.post('/groups', { name });
    await admin.post('/users', { username: name, password: 'first long password', email: 'a@example.test' });
    await admin.patch(`/users/${name}`, { email: 'b@example.test', password: 'second long password' });
    await admin.put(`/groups/${name}/members/${name}`);
    await admin.delete(`/groups/${name}/members/${name}`);
    const token = await server().createToken({ scope: 'read-write', owner: name, description: 'before' });
    await admin.patch(`/tokens/${token.id}`, { description: 'after' });
    const rotated = await admin.post<{ id: string }>(`/tokens/${token.id}/rotate`);
    await admin.post('/applications', {
      key: name,
      kind: 'generic',
      mount: { pathPrefix: `/${name}` },
      upstream: upstream.url,
    });
    await admin.patch(`/applications/${name}`, { timeoutMs: 1000 });
    await admin.delete(`/applications/${name}`);
    await server().patchSettings({ purge: { expiredTokensAfterDays: 77 } });
    await server().patchPermissions({ createForSelf: { readOnlyOnly: true } });
    await admin.delete(`/users/${name}`);
    await admin.delete(`/groups/${name}`);
    const found = [...(await events({ outcome: 'changed', from: start }))].reverse();
    expect(found.map((event) => event.type)).toEqual([
      'group.created',
      'user.created',
      'user.changed',
      'group.member-added',
      'group.member-removed',
      'token.created',
      'token.changed',
      'token.rotated',
      'application.created',
      'application.changed',
      'application.deleted',
      'settings.changed',
      'permissions.changed',
      'user.deleted',
      // The tokens of a deleted user are no good at once, and are ended in batches afterwards.
      'token.revoked',
      'group.deleted',
    ]);
    for (const event of found) {
      expect(event).toMatchObject({ outcome: 'changed', actor: 'admin', credential: 'password', count: 1 });
      expect(event).toMatchObject({ clientIp: '127.0.0.1', peer: '127.0.0.1', code: null });
      expect(event.requestId).toMatch(/^[0-9a-f]{32}$/);
    }
    const detail = (type: string): unknown => found.find((event) => event.type === type)?.detail;
    expect(detail('user.changed')).toEqual({
      subject: name,
      changes: { email: { before: 'a@example.test', after: 'b@example.test' } },
      passwordChange: 'changed',
    });
    expect(detail('token.changed')).toEqual({ changes: { description: { before: 'before', after: 'after' } } });
    expect(detail('token.rotated')).toEqual({
      successorId: rotated.body.id,
      successorExpiresAt: null,
      overlap: null,
      changes: {
        revokedAt: { before: null, after: expect.stringMatching(INSTANT) as unknown },
        revokedBy: { before: null, after: 'admin' },
      },
    });
    expect(detail('application.changed')).toEqual({ changes: { timeoutMs: { before: 60_000, after: 1000 } } });
    expect(detail('settings.changed')).toEqual({
      changes: { 'purge.expiredTokensAfterDays': { before: 30, after: 77 } },
    });
    expect(JSON.stringify(found)).not.toMatch(/long password|\$2[aby]\$/);
    // What was refused, or changed nothing, is no change.
    const count = (await events({ outcome: 'changed', from: start })).length;
    await admin.post('/groups', { name: 'administrators' });
    await admin.patch('/settings', {});
    await admin.patch('/settings', { purge: { expiredTokensAfterDays: -1 } });
    await admin.patch('/users/admin', { displayName: 'Administrator' });
    await admin.delete('/users/admin');
    expect((await events({ outcome: 'changed', from: start })).length).toBe(count);
  });

  it('R59, R10: a change made with a token names the token', async () => {
    const token = await server().createToken({ scope: 'read-write' });
    // No token makes users (R125).
    const made = { key: unique('by-token'), kind: 'generic', upstream: upstream.url };
    const mount = { pathPrefix: `/${made.key}` };
    const answer = await server()
      .as({ bearer: token.secret })
      .post('/applications', { ...made, mount });
    expect(answer.status).toBe(201);
    const [event] = await events({ type: 'application.created', application: made.key });
    expect(event).toMatchObject({
      actor: 'admin',
      credential: 'bearer-token',
      detail: { actingTokenId: token.id },
    });
  });

  it('R58: one log, filtered by user, token, address, application, user agent, outcome, reason and time', async () => {
    const agent = unique('Agent%_X');
    const owner = unique('Filtered');
    await server().createUser({ username: owner, password: undefined });
    const token = await server().createToken({ scope: 'read-only', owner, description: `For ${agent}` });
    const headers = [basic(owner, token.secret), ['User-Agent', agent]] as const;
    const first = (await send(headers)).events[0];
    await new Promise((resolve) => setTimeout(resolve, 5));
    const second = (await send(headers, { method: 'DELETE' })).events[0];
    await server().patchSettings({
      reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] },
      passwords: { enabled: true },
    });
    const third = (await send([...headers, ['X-Forwarded-For', '2001:db8::7']])).events[0];
    const mine = [first, second, third].map((event) => event?.id ?? '');
    const at = (event: Event | undefined, ms = 0): string => new Date(Date.parse(event?.at ?? '') + ms).toISOString();
    for (const [query, expected] of [
      [{ q: agent, application: key }, mine],
      [{ q: agent.toUpperCase(), application: key }, mine],
      [{ q: agent.replace('%_', '__') }, []],
      [{ q: `For ${agent}`, application: key }, mine],
      [{ user: owner.toUpperCase(), type: 'authentication.succeeded' }, [mine[0], mine[2]]],
      [{ tokenId: token.id, outcome: 'denied' }, [mine[1]]],
      [{ tokenId: token.id, outcome: 'allowed' }, [mine[0], mine[2]]],
      [{ tokenId: token.id, code: 'scope_insufficient' }, [mine[1]]],
      [{ tokenId: token.id, type: 'permission.denied' }, [mine[1]]],
      [{ tokenId: token.id, clientIp: '2001:0DB8:0:0:0:0:0:7', application: key, q: agent }, [mine[2]]],
      [{ tokenId: token.id, clientIp: '::ffff:127.0.0.1', application: key }, [mine[0], mine[1]]],
      [{ tokenId: token.id, application: key }, mine],
      [{ tokenId: token.id, application: 'nowhere' }, []],
      [{ tokenId: token.id, credential: 'basic-token', application: key }, mine],
      [{ tokenId: token.id, credential: 'bearer-token' }, []],
      [{ credential: 'basic-token', q: agent, application: key }, mine],
      [{ credential: 'password', q: agent, application: key }, []],
      [{ tokenId: token.id, from: at(second), application: key }, [mine[1], mine[2]]],
      [{ tokenId: token.id, to: at(first), application: key }, [mine[0]]],
      [{ tokenId: token.id, from: at(first, 1), to: at(second), application: key }, [mine[1]]],
      [{ q: 'rest/api/2/ISSUE', tokenId: token.id }, mine],
      [{ user: 'nobody-at-all-here' }, []],
    ] as const) {
      const found = await events(query);
      expect(
        found.map((event) => event.id),
        JSON.stringify(query),
      ).toEqual([...expected].reverse());
    }
    // It outlives the token's owner and the application.
    expect((await server().admin.delete(`/users/${owner}`)).status).toBe(204);
    expect((await events({ q: agent, application: key })).map((event) => event.owner)).toEqual([owner, owner, owner]);
  });

  it('R58: events come newest first, page by page, without a gap or a repetition', async () => {
    const agent = unique('pager');
    const token = await server().createToken({ scope: 'read-only', owner: user.username });
    for (let index = 0; index < 7; index += 1) await send([bearer(token.secret), ['User-Agent', agent]]);
    const seen: Event[] = [];
    let cursor: string | null = null;
    do {
      const query: URLSearchParams = new URLSearchParams({
        q: agent,
        application: key,
        limit: '3',
        ...(cursor === null ? {} : { cursor }),
      });
      const page: ApiAnswer<Page> = await server().admin.get<Page>(`/audit-events?${query.toString()}`);
      expect(page.status).toBe(200);
      seen.push(...page.body.items);
      cursor = page.body.nextCursor;
      // Newer events do not move the older pages.
      await send([bearer(token.secret), ['User-Agent', agent]]);
    } while (cursor !== null);
    expect(seen).toHaveLength(7);
    const ids = seen.map((event) => event.id);
    expect(ids).toEqual([...new Set(ids)].sort().reverse());
  });

  it.each([
    'limit=0',
    'cursor=x',
    `cursor=${Buffer.from('[5]').toString('base64url')}`,
    'from=yesterday',
    'to=2026-02-30T00:00:00Z',
    'type=unknown',
    'outcome=maybe',
    'credential=token',
    'clientIp=localhost',
    'clientIp=10.0.0.0/8',
    'tokenId=1234567890123',
    'user=',
    'q=',
    'application=',
    'code=',
    'path=/x',
    'user=a&user=b',
  ])('R58: the query %s is a 400', async (query) => {
    expectProblem(await server().admin.get(`/audit-events?${query}`), 400, 'validation_failed');
  });

  it('R60: successes, failures and denials can each be switched off, and changes cannot', async () => {
    const token = await server().createToken({ scope: 'read-only', owner: user.username });
    const sent = async (): Promise<readonly number[]> => [
      (await send([bearer(token.secret)])).events.length,
      (await send([bearer('sg_x')])).events.length,
      (await send([bearer(token.secret)], { method: 'PUT' })).events.length,
    ];
    expect(await sent()).toEqual([1, 1, 1]);
    await server().patchSettings({ audit: { successes: false } });
    expect(await sent()).toEqual([0, 1, 1]);
    await server().patchSettings({ audit: { successes: true, failures: false } });
    expect(await sent()).toEqual([1, 0, 1]);
    await server().patchSettings({ audit: { failures: true, denials: false } });
    expect(await sent()).toEqual([1, 1, 0]);
    await server().patchSettings({ audit: { successes: false, failures: false } });
    expect(await sent()).toEqual([0, 0, 0]);
    const name = unique('recorded');
    await server().createGroup(name);
    expect((await events({ type: 'group.created' }))[0]?.detail).toEqual({ subject: name });
  });

  it('R61: texts from outside cannot bring a secret, or a broken text, into the log', async () => {
    const token = await server().createToken({ scope: 'read-only', owner: user.username });
    const middle = token.secret.slice(16, 56);
    const inPath = await send([bearer(token.secret), ['User-Agent', `leak ${token.secret}`]], {
      target: `/audited/rest/${token.secret}/x?token=${token.secret}`,
    });
    expect(inPath.events).toHaveLength(1);
    expect(JSON.stringify(inPath.events)).not.toContain(middle);
    expect((await send([basic(token.secret, 'x')])).events).toHaveLength(1);
    const asName = await send([basic(token.secret, token.secret)]);
    expect(JSON.stringify(asName.events)).not.toContain(middle);
    const long = await send([bearer(token.secret), ['User-Agent', `${'x'.repeat(505)}${token.secret}`]]);
    expect(JSON.stringify(long.events)).not.toContain(token.secret.slice(3, 20));
    const odd = await send([basic('na\u0000me\ud83d\ude00', 'x'), ['User-Agent', 'caf\u00e9 \u009f']]);
    expect(odd.events).toHaveLength(1);
    const huge = await send([bearer(token.secret)], { target: `/audited/rest/${'x'.repeat(5000)}` });
    expect(huge.events[0]?.path?.length).toBeLessThanOrEqual(2048);
  });
});
