import { afterEach, beforeAll, expect, it } from 'vitest';
import type { ApiAnswer, ApiClient } from '../support/api.client.js';
import { describeOnEachDatabase, restoreRules, TEST_SETTINGS, unique } from '../support/each-database.js';
import { expectProblem } from '../support/expect-problem.js';
import type { ScopegateFixture } from '../support/scopegate.fixture.js';

type Settings = typeof TEST_SETTINGS & {
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
};

const MERGE_PATCH = { headers: { 'Content-Type': 'application/merge-patch+json' } };

describeOnEachDatabase('settings at the management API', (server: () => ScopegateFixture) => {
  let admin: ApiClient;

  beforeAll(() => {
    admin = server().admin;
  });

  afterEach(() => restoreRules(server()));

  const get = (): Promise<ApiAnswer<Settings>> => admin.get<Settings>('/settings');
  const patch = async (body: unknown): Promise<Settings> => {
    const answer = await admin.patch<Settings>('/settings', body);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    return answer.body;
  };
  const codes = (settings: Settings): readonly string[] => settings.warnings.map((warning) => warning.code);

  it('R63: the settings are shown whole, with their warnings and their version', async () => {
    const answer = await get();
    const { warnings, ...settings } = answer.body;
    expect(settings).toEqual(TEST_SETTINGS);
    expect(warnings.map((warning) => warning.code)).toEqual(['throttling_switched_off']);
    expect(answer.headers.get('etag')).toMatch(/^"\d+-[\w-]+"$/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect((await get()).headers.get('etag')).toBe(answer.headers.get('etag'));
  });

  it('R27, R33, R63: a merge patch changes what it names: objects are merged, lists are replaced', async () => {
    const first = await patch({
      tokenValidity: { maximum: 'P1Y' },
      ipRestriction: { allowList: ['127.0.0.0/8', '192.0.2.1'] },
      audit: { retentionDays: 30 },
    });
    expect(first.tokenValidity).toEqual({ maximum: 'P1Y', applyAtUse: false });
    expect(first.audit).toEqual({ ...TEST_SETTINGS.audit, retentionDays: 30 });
    const answer = await admin.patch<Settings>('/settings', { ipRestriction: { allowList: ['::1'] } }, MERGE_PATCH);
    expect(answer.body.ipRestriction).toEqual({ allowList: ['::1'], applyToPasswords: false });
    expect(answer.body.tokenValidity.maximum).toBe('P1Y');
    expect((await get()).body).toEqual(answer.body);
  });

  it('R33, R40: entries are kept in their canonical text, each once', async () => {
    const { ipRestriction } = await patch({
      ipRestriction: {
        allowList: ['192.0.2.1', '::ffff:192.0.2.1', '2001:DB8:0:0:0:0:0:1', '10.0.0.1-10.0.0.9', '192.0.2.1'],
      },
    });
    expect(ipRestriction.allowList).toEqual(['192.0.2.1', '2001:db8::1', '10.0.0.1-10.0.0.9']);
  });

  it.each([
    [{ tokenValidity: { maximum: 'P7M' } }, 'tokenValidity.maximum'],
    [{ tokenValidity: { maximum: 'p1m' } }, 'tokenValidity.maximum'],
    [{ tokenValidity: { maximum: 6 } }, 'tokenValidity.maximum'],
    [{ tokenValidity: { maximum: null } }, 'tokenValidity.maximum'],
    [{ tokenValidity: { applyAtUse: 1 } }, 'tokenValidity.applyAtUse'],
    [{ tokenValidity: null }, 'tokenValidity'],
    [{ tokenValidity: 'never' }, 'tokenValidity'],
    [{ tokenValidity: [] }, 'tokenValidity'],
    [{ tokenValidity: { colour: 1 } }, 'tokenValidity.colour'],
    [{ ipRestriction: { allowList: ['192.0.2.1', 'localhost', '192.0.2.2'] } }, 'ipRestriction.allowList.1'],
    [{ ipRestriction: { allowList: ['192.0.2.300'] } }, 'ipRestriction.allowList.0'],
    [{ ipRestriction: { allowList: ['192.0.2.0/33'] } }, 'ipRestriction.allowList.0'],
    [{ ipRestriction: { allowList: [null] } }, 'ipRestriction.allowList.0'],
    [{ ipRestriction: { allowList: [['192.0.2.1']] } }, 'ipRestriction.allowList.0'],
    [{ ipRestriction: { allowList: '192.0.2.1' } }, 'ipRestriction.allowList'],
    [{ ipRestriction: { allowList: null } }, 'ipRestriction.allowList'],
    [{ ipRestriction: { allowList: { 0: '192.0.2.1' } } }, 'ipRestriction.allowList'],
    [{ reverseProxy: { trustedProxies: ['proxy'] } }, 'reverseProxy.trustedProxies.0'],
    [{ reverseProxy: { header: '' } }, 'reverseProxy.header'],
    [{ reverseProxy: { header: 'X Forwarded' } }, 'reverseProxy.header'],
    [{ reverseProxy: { header: 'x'.repeat(129) } }, 'reverseProxy.header'],
    [{ reverseProxy: { enabled: 'true' } }, 'reverseProxy.enabled'],
    [{ passwords: { preventPathTraversal: true } }, 'passwords.preventPathTraversal'],
    [{ passwords: { enabled: true, preventPathTraversal: true } }, 'passwords.preventPathTraversal'],
    [{ passwords: { enabled: null } }, 'passwords.enabled'],
    [{ throttling: { maxFailures: -1 } }, 'throttling.maxFailures'],
    [{ throttling: { maxFailures: 1.5 } }, 'throttling.maxFailures'],
    [{ throttling: { maxFailures: '20' } }, 'throttling.maxFailures'],
    [{ throttling: { windowSeconds: 0 } }, 'throttling.windowSeconds'],
    [{ audit: { retentionDays: 0 } }, 'audit.retentionDays'],
    [{ audit: { successes: 'no' } }, 'audit.successes'],
    [{ purge: { expiredTokensAfterDays: -1 } }, 'purge.expiredTokensAfterDays'],
    [{ unknown: {} }, 'unknown'],
    [{ version: 3 }, 'version'],
  ])('R27, R33, R47: %j is a 400 that names the member, and nothing is saved', async (wrong, field) => {
    const before = await get();
    // What would fit is not saved either.
    const body = { ...wrong, purge: { expiredTokensAfterDays: 7, ...('purge' in wrong ? wrong.purge : {}) } };
    const problem = expectProblem(await admin.patch('/settings', body), 400, 'validation_failed');
    expect(problem.errors?.map((error) => error.field)).toContain(field);
    const after = await get();
    expect(after.body).toEqual(before.body);
    expect(after.headers.get('etag')).toBe(before.headers.get('etag'));
  });

  it('R63: a patch that is no object is a 400', async () => {
    for (const body of [[], 'x', 5, true, null]) {
      expectProblem(await admin.patch('/settings', body), 400, 'validation_failed');
    }
    expectProblem(await admin.patch('/settings'), 400, 'validation_failed');
    expect((await admin.patch('/settings', {})).status).toBe(200);
  });

  it('R62: audit.failOpen is off, may be left out of a PUT, which switches it off, and is warned of', async () => {
    expect((await get()).body.audit.failOpen).toBe(false);
    const on = await patch({ audit: { failOpen: true } });
    expect([on.audit.failOpen, codes(on)]).toEqual([true, expect.arrayContaining(['audit_fails_open'])]);
    expect((await patch({ audit: { anonymous: true } })).audit).toMatchObject({ failOpen: true, anonymous: true });
    const { failOpen, ...audit } = TEST_SETTINGS.audit;
    const without = await admin.put<Settings>('/settings', { ...TEST_SETTINGS, audit });
    expect([without.status, without.body.audit.failOpen]).toEqual([200, failOpen]);
    expect(codes(without.body)).not.toContain('audit_fails_open');
    for (const value of [null, 'true', 1]) {
      const body = { ...TEST_SETTINGS, audit: { ...audit, failOpen: value } };
      expectProblem(await admin.put('/settings', body), 400, 'validation_failed');
      expectProblem(await admin.patch('/settings', { audit: { failOpen: value } }), 400, 'validation_failed');
    }
    expect((await get()).body.audit.failOpen).toBe(false);
  });

  it('R63: PUT takes every member, and ignores the warnings it showed', async () => {
    const shown = (await get()).body;
    const answer = await admin.put<Settings>('/settings', {
      ...shown,
      purge: { expiredTokensAfterDays: 5 },
      warnings: [{ code: 'made_up', message: 'x', more: 1 }],
    });
    expect(answer.status).toBe(200);
    expect(answer.body.purge).toEqual({ expiredTokensAfterDays: 5 });
    expect(codes(answer.body)).not.toContain('made_up');
    const { reminders, ...required } = TEST_SETTINGS;
    const older = await admin.put<Settings>('/settings', { ...required, purge: { expiredTokensAfterDays: 5 } });
    expect(older.body.reminders).toEqual(reminders);
    for (const section of Object.keys(required)) {
      const problem = expectProblem(
        await admin.put('/settings', { ...TEST_SETTINGS, [section]: undefined }),
        400,
        'validation_failed',
      );
      expect(problem.errors?.map((error) => error.field)).toContain(section);
      const [member] = Object.keys(TEST_SETTINGS[section as keyof typeof TEST_SETTINGS]);
      const partial = { ...TEST_SETTINGS[section as keyof typeof TEST_SETTINGS], [member ?? '']: undefined };
      expectProblem(await admin.put('/settings', { ...TEST_SETTINGS, [section]: partial }), 400, 'validation_failed');
    }
    for (const body of [{ ...TEST_SETTINGS, extra: 1 }, {}, [], null]) {
      expectProblem(await admin.put('/settings', body), 400, 'validation_failed');
    }
    expect((await get()).body.purge).toEqual({ expiredTokensAfterDays: 5 });
  });

  it('R98: reminders take up to ten different whole days from 1 to 365, or none', async () => {
    const { reminders } = await patch({ reminders: { days: [1, 365, 14] } });
    expect(reminders).toEqual({ days: [1, 365, 14], mail: true });
    expect((await patch({ reminders: { days: [] } })).reminders.days).toEqual([]);
    const eleven = Array.from({ length: 11 }, (_, index) => index + 1);
    const bad = [[0], [366], [-1], [1.5], ['7'], [null], [[7]], [7, 7], eleven, 7, { 0: 7 }, null];
    for (const days of bad) {
      const problem = expectProblem(await admin.patch('/settings', { reminders: { days } }), 400, 'validation_failed');
      expect(problem.errors?.[0]?.field).toMatch(/^reminders/);
    }
    for (const mail of ['yes', 1, null]) {
      expectProblem(await admin.patch('/settings', { reminders: { mail } }), 400, 'validation_failed');
    }
    expectProblem(await admin.patch('/settings', { reminders: { hours: [1] } }), 400, 'validation_failed');
  });

  it('R63, R64: a change holds to the version it was made for (ETag, If-Match)', async () => {
    const etag = (await get()).headers.get('etag') ?? '';
    const body = { purge: { expiredTokensAfterDays: 11 } };
    const saved = await admin.patch('/settings', body, { headers: { 'If-Match': etag } });
    expect(saved.status).toBe(200);
    const next = saved.headers.get('etag') ?? '';
    expect(next).not.toBe(etag);
    const call = (ifMatch: string): Record<string, ApiAnswer<unknown> | Promise<ApiAnswer<unknown>>> => {
      const options = { headers: { 'If-Match': ifMatch } };
      return {
        patch: admin.patch('/settings', { purge: { expiredTokensAfterDays: 12 } }, options),
        put: admin.put('/settings', TEST_SETTINGS, options),
        post: admin.post('/settings/allow-list', { entry: '192.0.2.9' }, options),
        delete: admin.delete('/settings/allow-list/192.0.2.9', options),
      };
    };
    for (const stale of [etag, `W/${next}`, '"x"', next.replaceAll('"', '')]) {
      for (const answer of Object.values(call(stale))) expectProblem(await answer, 412, 'version_mismatch');
    }
    expect((await get()).body.purge.expiredTokensAfterDays).toBe(11);
    for (const ifMatch of ['*', next, `"0", ${next}`]) {
      expect((await admin.patch('/settings', body, { headers: { 'If-Match': ifMatch } })).status).toBe(200);
    }
    // A change that changes nothing keeps the version.
    expect((await admin.patch('/settings', body)).headers.get('etag')).toBe(next);
  });

  it('R64: of parallel changes for one version exactly one wins', async () => {
    const etag = (await get()).headers.get('etag') ?? '';
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        admin.patch<Settings>(
          '/settings',
          { purge: { expiredTokensAfterDays: 100 + index } },
          { headers: { 'If-Match': etag } },
        ),
      ),
    );
    const won = answers.filter((answer) => answer.status === 200);
    expect(won).toHaveLength(1);
    for (const answer of answers.filter((other) => other !== won[0])) expectProblem(answer, 412, 'version_mismatch');
    expect((await get()).body.purge).toEqual(won[0]?.body.purge);
    // Without a version every one of them is saved, one after the other.
    const entries = Array.from({ length: 10 }, (_, index) => `192.0.2.${index}`);
    const added = await Promise.all(entries.map((entry) => admin.post('/settings/allow-list', { entry })));
    expect(added.map((answer) => answer.status)).toEqual(entries.map(() => 201));
    expect([...(await get()).body.ipRestriction.allowList].sort()).toEqual(entries);
  });

  it('R33: entries of the allow list are added and taken off singly', async () => {
    const add = (entry: unknown): Promise<ApiAnswer<{ entry: string; warnings: readonly { code: string }[] }>> =>
      admin.post('/settings/allow-list', { entry });
    const first = await add('192.0.2.0/24');
    expect(first.status).toBe(201);
    expect(first.body.entry).toBe('192.0.2.0/24');
    expect(first.body.warnings.map((warning) => warning.code)).toContain('own_address_not_allowed');
    expect(first.headers.get('etag')).toBe((await get()).headers.get('etag'));
    expect((await add('::FFFF:10.0.0.1')).body.entry).toBe('10.0.0.1');
    expect((await add('10.0.0.5-10.0.0.7')).status).toBe(201);
    expect((await add('2001:db8::/32')).status).toBe(201);
    expectProblem(await add('10.0.0.1'), 409, 'conflict');
    for (const entry of ['', 'x', '10.0.0.1/33', '10.0.0.9-10.0.0.1', null, 5, ['10.0.0.1'], '10.0.0.1%eth0']) {
      expectProblem(await add(entry), 400, 'validation_failed');
    }
    expectProblem(await admin.post('/settings/allow-list', { entry: '10.9.9.9', other: 1 }), 400, 'validation_failed');
    const take = (entry: string): Promise<ApiAnswer<unknown>> =>
      admin.delete(`/settings/allow-list/${encodeURIComponent(entry)}`);
    const taken = await take('192.0.2.0/24');
    expect({ status: taken.status, body: taken.body }).toEqual({ status: 204, body: undefined });
    for (const entry of ['10.0.0.1', '10.0.0.5-10.0.0.7', '2001:DB8:0::/32']) {
      expect((await take(entry)).status, entry).toBe(204);
    }
    for (const entry of ['10.0.0.1', '192.0.2.0/24', 'x', '10.0.0.0/8', '%']) {
      expectProblem(await take(entry), 404, 'not_found');
    }
    expect((await get()).body.ipRestriction.allowList).toEqual([]);
    const [event] = await server().events({ type: 'settings.changed' });
    expect(event?.detail).toEqual({
      changes: { 'ipRestriction.allowList': { added: [], removed: ['2001:db8::/32'] } },
    });
  });

  it('R47: path traversal is prevented only while passwords are disabled, and enabling them turns it off', async () => {
    expect((await patch({ passwords: { enabled: false, preventPathTraversal: true } })).passwords).toEqual({
      enabled: false,
      preventPathTraversal: true,
    });
    expectProblem(
      await admin.patch('/settings', { passwords: { enabled: true, preventPathTraversal: true } }),
      400,
      'validation_failed',
    );
    expect((await patch({ passwords: { enabled: true } })).passwords).toEqual({
      enabled: true,
      preventPathTraversal: false,
    });
    expectProblem(
      await admin.put('/settings', { ...TEST_SETTINGS, passwords: { enabled: true, preventPathTraversal: true } }),
      400,
      'validation_failed',
    );
    expect((await patch({ passwords: { enabled: false } })).passwords.preventPathTraversal).toBe(false);
  });

  it('R41, R23: a setting that locks users out or lets too many in is saved with a warning that says how to undo it', async () => {
    for (const [body, code] of [
      [{ ipRestriction: { allowList: ['192.0.2.1'] } }, 'own_address_not_allowed'],
      [{ ipRestriction: { allowList: ['0.0.0.0/0'] } }, 'allow_list_without_effect'],
      [{ reverseProxy: { enabled: true } }, 'no_trusted_proxies'],
      [{ reverseProxy: { trustedProxies: ['10.0.0.1'] } }, 'trusted_proxies_not_used'],
      [{ reverseProxy: { enabled: true, trustedProxies: ['0.0.0.0/0'] } }, 'trusted_proxies_too_wide'],
      [{ passwords: { enabled: false } }, 'passwords_disabled'],
      [{ audit: { failures: false } }, 'audit_switched_off'],
      [{ throttling: { maxFailures: 0 } }, 'throttling_switched_off'],
    ] as const) {
      const saved = await patch(body);
      expect(codes(saved)).toContain(code);
      for (const { message } of saved.warnings) expect(message).toMatch(/\w{3,} .{40,}\.$/);
      expect((await get()).body).toEqual(saved);
      await restoreRules(server());
    }
  });

  it('R39, R41: the administrator’s own address is derived under the settings being saved', async () => {
    const rules = { enabled: true, trustedProxies: ['127.0.0.1'], header: 'X-Forwarded-For' };
    const body = { reverseProxy: rules, ipRestriction: { allowList: ['192.0.2.0/24'] } };
    const answer = await admin.patch<Settings>('/settings', body, { headers: { 'X-Forwarded-For': '192.0.2.7' } });
    expect(codes(answer.body)).not.toContain('own_address_not_allowed');
    const other = await admin.patch<Settings>('/settings', body, { headers: { 'X-Forwarded-For': '198.51.100.1' } });
    expect(codes(other.body)).toContain('own_address_not_allowed');
    expect(other.body.warnings[0]?.message).toContain('198.51.100.1');
  });

  it('R33: an allow list of ten thousand entries is saved, shown and works', async () => {
    const allowList = Array.from({ length: 10_000 }, (_, index) => `10.${index >> 8}.${index & 255}.0/25`);
    const saved = await patch({ ipRestriction: { allowList: [...allowList, '127.0.0.1'] } });
    expect(saved.ipRestriction.allowList).toHaveLength(10_001);
    const token = await server().createToken({ scope: 'read-only' });
    expect((await server().as({ bearer: token.secret }).get('/me')).status).toBe(200);
    await patch({ ipRestriction: { allowList } });
    expectProblem(await server().as({ bearer: token.secret }).get('/me'), 401, 'ip_not_allowed');
    const tooMany = Array.from({ length: 20_001 }, (_, index) => `10.${index >> 8}.${index & 255}.0`);
    expectProblem(await admin.patch('/settings', { ipRestriction: { allowList: tooMany } }), 400, 'validation_failed');
  });
});

type Application = {
  readonly key: string;
  readonly name: string;
  readonly kind: string;
  readonly version: string | null;
  readonly mount: { readonly pathPrefix?: string; readonly host?: string };
  readonly upstream: string;
  readonly anonymous: string;
  readonly identity: { readonly mode: string; readonly headers: Readonly<Record<string, unknown>> };
  readonly readOnlyExceptions: readonly { readonly method: string; readonly path: string }[];
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
  readonly nativeTokensDisabled: boolean;
  readonly remoteApiPasswords: boolean;
  readonly paths: string;
  readonly encodedSlashes: string;
  readonly timeoutMs: number;
  readonly connections: number;
};

// Nobody listens on the discard port, so that a version cannot be read from there.
const UPSTREAM = 'http://127.0.0.1:9/base';

describeOnEachDatabase('applications at the management API', (server: () => ScopegateFixture) => {
  let admin: ApiClient;

  beforeAll(() => {
    admin = server().admin;
  });

  const body = (more: object = {}): { key: string } & Record<string, unknown> => {
    const key = unique('app');
    return { key, kind: 'generic', mount: { pathPrefix: `/${key}` }, upstream: UPSTREAM, ...more };
  };
  const make = async (more: object = {}): Promise<Application> => {
    const answer = await admin.post<Application>('/applications', body(more));
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    return answer.body;
  };

  it('R63: a generic application is created with the defaults of the contract', async () => {
    const asked = body();
    const answer = await admin.post<Application>('/applications', asked);
    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe(`/api/v1/applications/${asked.key}`);
    const { warnings: _warnings, ...made } = answer.body;
    expect(made).toEqual({
      key: asked.key,
      name: asked.key,
      kind: 'generic',
      version: null,
      mount: { pathPrefix: `/${asked.key}` },
      upstream: UPSTREAM,
      anonymous: 'deny',
      identity: { mode: 'headers', headers: { 'X-Forwarded-User': '{username}' }, encoding: 'percent' },
      readOnlyExceptions: [],
      nativeTokensDisabled: false,
      remoteApiPasswords: false,
      paths: 'rfc3986',
      encodedSlashes: 'allow',
      passwords: 'deny',
      host: 'upstream',
      cookies: 'drop',
      challenge: ['basic'],
      passSchemes: [],
      tokenPaths: [],
      blockedPaths: [],
      readOnlyUpgrades: false,
      cors: null,
      closeOnRevocation: true,
      streamTimeoutMs: 3_600_000,
      timeoutMs: 60_000,
      connections: 512,
      tls: { ca: null, certificate: null, key: null, serverName: null },
    });
    const shown = await admin.get<Application>(`/applications/${asked.key}`);
    expect(shown.body).toEqual(answer.body);
    expect(shown.headers.get('etag')).toBe(answer.headers.get('etag'));
  });

  it.each(['jira', 'confluence', 'bitbucket'])('R63: a %s is created with its own defaults', async (kind) => {
    const made = await make({ kind, version: '9.12.0', name: 'Ours' });
    expect(made).toMatchObject({
      name: 'Ours',
      version: '9.12.0',
      anonymous: 'allow',
      paths: 'tomcat',
      encodedSlashes: 'reject',
    });
    expect(made.warnings.map((warning) => warning.code)).toContain('native_tokens_enabled');
    expect((await make({ kind, version: '9.12.0', nativeTokensDisabled: true })).warnings).toEqual([]);
  });

  it.each([
    ['no key', { key: undefined }, 'key'],
    ['a key with capitals', { key: 'Jira' }, 'key'],
    ['a key of 65 characters', { key: 'x'.repeat(65) }, 'key'],
    ['a key with a slash', { key: 'a/b' }, 'key'],
    ['an unknown kind', { kind: 'mediawiki' }, 'kind'],
    ['no kind', { kind: undefined }, 'kind'],
    ['no mount', { mount: undefined }, 'mount'],
    ['an empty mount', { mount: {} }, 'mount.pathPrefix'],
    ['a mount that is a text', { mount: '/x' }, 'mount'],
    ['a prefix without a slash', { mount: { pathPrefix: 'x' } }, 'mount.pathPrefix'],
    ['a prefix with a slash at its end', { mount: { pathPrefix: '/x/' } }, 'mount.pathPrefix'],
    ['a prefix with dot segments', { mount: { pathPrefix: '/x/../y' } }, 'mount.pathPrefix'],
    ['an encoded prefix', { mount: { pathPrefix: '/%61pi' } }, 'mount.pathPrefix'],
    ['the API’s prefix', { mount: { pathPrefix: '/api' } }, 'mount.pathPrefix'],
    ['a prefix below the API', { mount: { pathPrefix: '/api/v1' } }, 'mount.pathPrefix'],
    ['the API’s prefix in another case', { mount: { pathPrefix: '/API' } }, 'mount.pathPrefix'],
    ['the prefix of the documentation', { mount: { pathPrefix: '/docs' } }, 'mount.pathPrefix'],
    ['the prefix of the metrics', { mount: { pathPrefix: '/metrics' } }, 'mount.pathPrefix'],
    ['the prefix of health', { mount: { pathPrefix: '/health' } }, 'mount.pathPrefix'],
    ['the prefix of forward authentication', { mount: { pathPrefix: '/authorize/x' } }, 'mount.pathPrefix'],
    ['the prefix of introspection', { mount: { pathPrefix: '/introspect' } }, 'mount.pathPrefix'],
    ['a well-known prefix', { mount: { pathPrefix: '/.well-known' } }, 'mount.pathPrefix'],
    ['an invalid host', { mount: { host: 'a b' } }, 'mount.host'],
    ['a host with a path', { mount: { host: 'a.example/x' } }, 'mount.host'],
    ['an unknown member of the mount', { mount: { pathPrefix: '/x', port: 1 } }, 'mount.port'],
    ['no upstream', { upstream: undefined }, 'upstream'],
    ['an upstream that is no address', { upstream: 'jira' }, 'upstream'],
    ['an upstream of another scheme', { upstream: 'ftp://127.0.0.1/' }, 'upstream'],
    ['a file as the upstream', { upstream: 'file:///etc/passwd' }, 'upstream'],
    ['an upstream with a name and password', { upstream: 'http://user:pass@127.0.0.1/' }, 'upstream'],
    ['an upstream with a name', { upstream: 'http://user@127.0.0.1/' }, 'upstream'],
    ['an upstream with a query', { upstream: 'http://127.0.0.1/?x=1' }, 'upstream'],
    ['an upstream with an empty query', { upstream: 'http://127.0.0.1/?' }, 'upstream'],
    ['an upstream with a fragment', { upstream: 'http://127.0.0.1/#x' }, 'upstream'],
    ['an upstream of 2049 characters', { upstream: `http://127.0.0.1/${'x'.repeat(2032)}` }, 'upstream'],
    ['an upstream that is a list', { upstream: [UPSTREAM] }, 'upstream'],
    ['another answer to anonymous requests', { anonymous: 'ask' }, 'anonymous'],
    ['an identity mode that does not exist', { identity: { mode: 'password' } }, 'identity.mode'],
    ['a template of another name', { identity: { headers: { 'X-User': '{password}' } } }, 'identity.headers.X-User'],
    ['a header that is framing', { identity: { headers: { 'Content-Length': '{username}' } } }, ''],
    ['two spellings of a header', { identity: { headers: { X_User: '{username}', 'x-user': '{email}' } } }, ''],
    ['a mask without a secret', { identity: { headers: { 'X-Key': { secret: '********' } } } }, ''],
    ['an exception without a method', { readOnlyExceptions: [{ path: '/x' }] }, 'readOnlyExceptions.0'],
    ['an exception with a query', { readOnlyExceptions: [{ method: 'POST', path: '/x?y' }] }, 'readOnlyExceptions.0'],
    ['an exception with ** inside', { readOnlyExceptions: [{ method: 'POST', path: '/**/x' }] }, ''],
    ['a timeout of nothing', { timeoutMs: 0 }, 'timeoutMs'],
    ['a timeout that is a text', { timeoutMs: '60000' }, 'timeoutMs'],
    ['too few connections', { connections: 3 }, 'connections'],
    ['too many connections', { connections: 10_001 }, 'connections'],
    ['half a connection', { connections: 4.5 }, 'connections'],
    ['the Remote API of what has none', { remoteApiPasswords: true }, 'remoteApiPasswords'],
    ['native tokens of what has none', { nativeTokensDisabled: true }, 'nativeTokensDisabled'],
    ['native tokens of a Jira too old', { kind: 'jira', version: '8.13.9', nativeTokensDisabled: true }, ''],
    ['native tokens of a Confluence too old', { kind: 'confluence', version: '7.8', nativeTokensDisabled: true }, ''],
    ['encoded slashes for a product', { kind: 'jira', version: '9.0', encodedSlashes: 'allow' }, 'encodedSlashes'],
    ['another reading of paths for a product', { kind: 'jira', version: '9.0', paths: 'rfc3986' }, 'paths'],
    ['an unknown reading of paths', { paths: 'iis' }, 'paths'],
    ['two names that contradict each other', { paths: 'tomcat', encodedSlashes: 'allow' }, 'encodedSlashes'],
    ['an invalid version', { version: 'nine' }, 'version'],
    ['an unknown property', { colour: 'red' }, 'colour'],
    ['a null name', { name: null }, 'name'],
    ['a blank name', { name: ' ' }, 'name'],
  ])('R13, R49, R52: an application is not made with %s (400)', async (_what, wrong, field) => {
    const before = await admin.get('/applications?limit=200');
    const problem = expectProblem(await admin.post('/applications', body(wrong)), 400, 'validation_failed');
    if (field !== '') expect(problem.errors?.map((error) => error.field)).toContain(field);
    else expect(problem.errors).toHaveLength(1);
    expect((await admin.get('/applications?limit=200')).body).toEqual(before.body);
  });

  it('R48: the reading of paths can be changed under both of its names', async () => {
    const { key } = await make();
    for (const [patch, paths, encodedSlashes] of [
      [{ paths: 'tomcat' }, 'tomcat', 'reject'],
      [{ encodedSlashes: 'allow' }, 'rfc3986', 'allow'],
      [{ encodedSlashes: 'reject' }, 'tomcat', 'reject'],
      [{ paths: 'rfc3986' }, 'rfc3986', 'allow'],
      [{ paths: 'tomcat', encodedSlashes: 'reject' }, 'tomcat', 'reject'],
      [{ name: 'Other' }, 'tomcat', 'reject'],
    ] as const) {
      const { status, body: changed } = await admin.patch<Application>(`/applications/${key}`, patch);
      expect([status, changed.paths, changed.encodedSlashes]).toEqual([200, paths, encodedSlashes]);
    }
    const both = { paths: 'rfc3986', encodedSlashes: 'reject' };
    expectProblem(await admin.patch(`/applications/${key}`, both), 400, 'validation_failed');
    expectProblem(await admin.patch(`/applications/${key}`, { paths: null }), 400, 'validation_failed');
    expectProblem(await admin.patch(`/applications/${key}`, { encodedSlashes: null }), 400, 'validation_failed');
  });

  it('R52: versions compare as numbers: 7.10 is above 7.9', async () => {
    await make({ kind: 'confluence', version: '7.10', nativeTokensDisabled: true });
    await make({ kind: 'jira', version: '8.14', nativeTokensDisabled: true });
    await make({ kind: 'jira', version: '10.0.1', nativeTokensDisabled: true });
    await make({ kind: 'bitbucket', nativeTokensDisabled: true });
  });

  it('R54: the settings warn of every application whose own tokens still work', async () => {
    const one = await make({ kind: 'jira', version: '9.0', name: unique('Warned') });
    const settings = await admin.get<{ warnings: readonly { code: string; message: string }[] }>('/settings');
    const warning = settings.body.warnings.find((candidate) => candidate.message.includes(one.name));
    expect(warning?.code).toBe('native_tokens_enabled');
    expect(warning?.message).toMatch(/directly can still use them/);
  });

  it('R63: a key or a mount that is taken is a 409, whichever way it is written', async () => {
    const one = await make();
    const host = `${one.key}.example.test`;
    await make({ mount: { host } });
    await make({ mount: { host, pathPrefix: '/x' } });
    for (const wrong of [
      { key: one.key },
      { mount: one.mount },
      { mount: { host } },
      { mount: { host: host.toUpperCase() } },
      { mount: { host, pathPrefix: '/' } },
      { mount: { host, pathPrefix: '/x' } },
    ]) {
      expectProblem(await admin.post('/applications', body(wrong)), 409, 'conflict');
    }
    const other = await make();
    expectProblem(await admin.patch(`/applications/${other.key}`, { mount: one.mount }), 409, 'conflict');
    expect((await admin.get<Application>(`/applications/${other.key}`)).body.mount).toEqual(other.mount);
    // One mount inside another is no collision: the longest prefix wins.
    await make({ mount: { pathPrefix: `${one.mount.pathPrefix}/inner` } });
    const racing = await Promise.all(
      [1, 2, 3, 4, 5].map(() => admin.post('/applications', body({ mount: { pathPrefix: `/race-${one.key}` } }))),
    );
    expect(racing.map((answer) => answer.status).sort()).toEqual([201, 409, 409, 409, 409]);
  });

  it('R63: a merge patch changes what it names; null takes away what can be away', async () => {
    const made = await make({
      kind: 'jira',
      version: '9.12.0',
      identity: { headers: { 'X-Forwarded-User': '{username}', 'X-Groups': '{groups}' } },
    });
    const path = `/applications/${made.key}`;
    const etag = (await admin.get(path)).headers.get('etag') ?? '';
    const answer = await admin.patch<Application>(
      path,
      {
        name: 'Other',
        // The headers are replaced as a whole (R111).
        identity: { headers: { 'X-Forwarded-User': '{username}', 'X-Mail': '{email}' } },
        readOnlyExceptions: [{ method: 'POST', path: '/rest/api/2/search' }],
      },
      { ...MERGE_PATCH, headers: { ...MERGE_PATCH.headers, 'If-Match': etag } },
    );
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    expect(answer.body).toEqual({
      ...made,
      name: 'Other',
      identity: {
        mode: 'headers',
        headers: { 'X-Forwarded-User': '{username}', 'X-Mail': '{email}' },
        encoding: 'percent',
      },
      readOnlyExceptions: [{ method: 'POST', path: '/rest/api/2/search' }],
      warnings: answer.body.warnings,
    });
    expect(answer.body.warnings[0]?.message).toContain('"Other"');
    expectProblem(await admin.patch(path, { name: 'x' }, { headers: { 'If-Match': etag } }), 412, 'version_mismatch');
    expectProblem(await admin.delete(path, { headers: { 'If-Match': etag } }), 412, 'version_mismatch');
    for (const patch of [
      { name: null },
      { key: 'other' },
      { kind: null },
      { mount: null },
      { upstream: null },
      { upstream: 'http://a:b@c/' },
      { readOnlyExceptions: null },
      { readOnlyExceptions: [null] },
      { timeoutMs: null },
      { identity: null },
      { other: 1 },
      [],
    ]) {
      expectProblem(await admin.patch(path, patch), 400, 'validation_failed');
    }
    const moved = await admin.patch<Application>(path, {
      mount: { host: `${made.key}.example.test`, pathPrefix: null },
    });
    expect(moved.body.mount).toEqual({ host: `${made.key}.example.test` });
    expect((await admin.get(path)).body).toEqual(moved.body);
  });

  it('R61, R111: a fixed secret of an identity is stored encrypted and never read back', async () => {
    const secret = `Bearer ${unique('upstream-secret')}`;
    const made = await make({
      identity: { headers: { 'X-Forwarded-User': '{username}', Authorization: { secret } } },
    });
    expect(made.identity.headers['Authorization']).toEqual({ secret: '********' });
    const path = `/applications/${made.key}`;
    const same = await admin.patch<Application>(path, { identity: { headers: made.identity.headers }, name: 'x' });
    expect(same.status).toBe(200);
    const changed = await admin.patch<Application>(path, {
      identity: { headers: { Authorization: { secret: `${secret}2` } } },
    });
    expect(changed.body.identity.headers['Authorization']).toEqual({ secret: '********' });
    const events = await server().events({ application: made.key });
    expect(events.map((event) => event.type)).toEqual(
      expect.arrayContaining(['application.created', 'application.changed']),
    );
    const elsewhere = { upstream: 'http://127.0.0.1:10' };
    const refused = expectProblem(await admin.patch(path, elsewhere), 400, 'validation_failed');
    expect(refused.detail).toContain('Authorization');
    const moved = { ...elsewhere, identity: { headers: { Authorization: { secret: `${secret}3` } } } };
    expect((await admin.patch(path, moved)).status).toBe(200);
    const dropped = { identity: { headers: { 'X-Forwarded-User': '{username}' } } };
    expect((await admin.patch<Application>(path, dropped)).body.identity.headers).toEqual(dropped.identity.headers);
    const masked = { identity: { headers: { Authorization: { secret: '********' } } } };
    expectProblem(await admin.patch(path, masked), 400, 'validation_failed');
    for (const seen of [made, same.body, changed.body, events, (await admin.get('/applications?limit=200')).body]) {
      expect(JSON.stringify(seen)).not.toContain(secret);
    }
    expectProblem(
      await admin.patch(path, { identity: { headers: { Authorization: 'Basic Zm9vOmJhcg==' } } }),
      400,
      'validation_failed',
    );
  });

  it('R63: applications are listed page by page, and one that is deleted is gone', async () => {
    const made = [await make(), await make(), await make()];
    const seen: string[] = [];
    let cursor = '';
    for (;;) {
      const query = new URLSearchParams({ limit: '2', ...(cursor === '' ? {} : { cursor }) }).toString();
      const page = await admin.get<{ items: readonly Application[]; nextCursor: string | null }>(
        `/applications?${query}`,
      );
      expect(page.status).toBe(200);
      seen.push(...page.body.items.map((item) => item.key));
      if (page.body.nextCursor === null) break;
      cursor = page.body.nextCursor;
    }
    expect(seen).toEqual([...new Set(seen)].sort());
    expect(seen).toEqual(expect.arrayContaining(made.map((item) => item.key)));
    const path = `/applications/${made[0]?.key}`;
    const deleted = await admin.delete(path);
    expect({ status: deleted.status, body: deleted.body }).toEqual({ status: 204, body: undefined });
    for (const answer of [
      await admin.get(path),
      await admin.patch(path, { name: 'x' }),
      await admin.delete(path),
      await admin.get('/applications/__proto__'),
      await admin.get('/applications/constructor'),
    ]) {
      expectProblem(answer, 404, 'not_found');
    }
    const proxied = await fetch(`${server().url}/${made[0]?.key}/x`);
    expect(proxied.status).toBe(404);
    expect(await proxied.json()).toMatchObject({ code: 'application_not_found' });
    // The key and the mount are free again.
    expect((await admin.post('/applications', body({ key: made[0]?.key, mount: made[0]?.mount }))).status).toBe(201);
  });
});
