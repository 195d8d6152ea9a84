import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Clock } from '../../src/common/time/clock.js';
import type { ApiAnswer, ProblemBody } from '../support/api.client.js';
import { restoreRules, TEST_SETTINGS, unique } from '../support/each-database.js';
import { expectProblem } from '../support/expect-problem.js';
import { shareGateway } from '../support/gateway-test.js';
import type { HeaderLine } from '../support/http-message.js';
import { request, type RawAnswer } from '../support/raw-client.js';
import { basic, bearer, type TestToken } from '../support/scopegate.fixture.js';

type Shown = {
  readonly status: string;
  readonly expiresAt: string | null;
  readonly exceedsPolicy: boolean;
};

type Warned = { readonly warnings: readonly { readonly code: string; readonly message: string }[] };

type Explained = {
  readonly decision: string;
  readonly clientIp: { readonly header: string | null; readonly derived: string | null; readonly entry: string | null };
};

type Sending = {
  readonly application?: string;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: readonly HeaderLine[];
};

const REST = '/rest/api/2/myself';
const VENDOR = '/rest/de.resolution.apitokenauth/latest/user/token';
const HOUR_MS = 3_600_000;
/** A day that February does not have. */
const LAST_OF_AUGUST_MS = Date.UTC(2029, 7, 31, 10, 20, 30, 400);
const MAXIMA: Readonly<Record<number, string>> = { 1: 'P1M', 3: 'P3M', 6: 'P6M', 12: 'P1Y', 24: 'P2Y' };

/** What the server takes for the time; undefined while it goes on by itself. */
let nowMs: number | undefined;

const { gateway, upstream } = await shareGateway();
await restoreRules(gateway);
vi.spyOn(gateway.provider(Clock), 'nowMs').mockImplementation(() => nowMs ?? Date.now());
for (const kind of ['jira', 'confluence', 'bitbucket', 'generic'] as const) {
  const mount = { pathPrefix: `/${kind}` };
  await gateway.createApplication({ key: kind, kind, upstream: upstream.url, mount, passwords: 'forward' });
}
const alice = await gateway.createUser({ username: 'alice' });

beforeEach(() => {
  nowMs = undefined;
});

afterEach(async () => {
  nowMs = undefined;
  await restoreRules(gateway);
});

function send({ application = 'jira', method = 'GET', path = REST, headers = [] }: Sending): Promise<RawAnswer> {
  return request({ port: gateway.port, method, target: `/${application}${path}`, headers }, { closeWaitMs: 0 });
}

/** The status of an answer, and the code where it is a problem of the gateway's own. */
async function outcomeOf(sending: Sending): Promise<readonly [number, string | null]> {
  upstream.clear();
  const answer = await send(sending);
  const isOurs = (answer.header('content-type') ?? '').startsWith('application/problem+json');
  expect(upstream.requests, `${JSON.stringify(sending)} ${answer.text()}`).toHaveLength(isOurs ? 0 : 1);
  if (isOurs) expect(upstream.bytesReceived).toBe(0);
  return [answer.status, isOurs ? answer.json<ProblemBody>().code : null];
}

const PASSED = [200, null] as const;

function corpus<Case>(name: string): readonly Case[] {
  const file = join(import.meta.dirname, '../corpora', `${name}.json`);
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: readonly Case[] }).cases;
}

async function shown(token: TestToken): Promise<Shown> {
  return (await gateway.admin.get<Shown>(`/tokens/${token.id}`)).body;
}

describe('validity, by a clock that stands still', () => {
  type InstantCase = {
    readonly id: string;
    readonly now: string;
    readonly maxMonths: number | null;
    readonly input: unknown;
    readonly expected: { readonly valid: boolean; readonly utc?: string; readonly reason?: string };
    readonly also_ok?: readonly { readonly valid: boolean; readonly utc?: string }[];
    readonly why: string;
  };

  it.each(corpus<InstantCase>('iso8601'))('R29: $id at the API: $why', async (row) => {
    await gateway.patchSettings({
      tokenValidity: { maximum: row.maxMonths === null ? 'never' : MAXIMA[row.maxMonths] },
    });
    nowMs = Date.parse(row.now);
    const description = unique('instant');
    const asked = { description, scope: 'read-only', expiresAt: row.input };
    const answer = await gateway.admin.post<TestToken & ProblemBody>('/tokens', asked);
    const outcomes = [row.expected, ...(row.also_ok ?? [])];
    const made = await gateway.admin.get<{ items: readonly unknown[] }>(`/tokens?q=${description}`);
    if (answer.status === 201) {
      expect(outcomes.map(({ utc }) => utc)).toContain(answer.body.expiresAt);
      expect(made.body.items).toHaveLength(1);
    } else {
      expect(
        outcomes.some(({ valid }) => !valid),
        JSON.stringify(answer.body),
      ).toBe(true);
      const problem = expectProblem(answer, 400, 'validation_failed');
      expect(problem.errors?.map(({ field }) => field)).toContain('expiresAt');
      expect(JSON.stringify(problem).length).toBeLessThan(2_000);
      if (row.expected.reason === 'exceeds-max') expect(problem.detail).toContain(`${row.maxMonths} month`);
      expect(made.body.items).toEqual([]);
    }
    if (typeof row.input !== 'string') return;
    const vendor = await request({
      port: gateway.port,
      method: 'POST',
      target: `/jira${VENDOR}`,
      headers: [basic('admin', gateway.adminPassword), ['Content-Type', 'application/json']],
      body: JSON.stringify({ tokenDescription: description, tokenExpirationDateTime: row.input }),
    });
    expect(vendor.status).toBe(answer.status === 201 ? 200 : 400);
    if (vendor.status === 200) {
      expect(vendor.json()).toMatchObject({
        tokenExpirationDateTimeMillis: Date.parse(answer.body.expiresAt ?? ''),
        tokenExpirationDateTime: answer.body.expiresAt,
      });
    } else {
      expect(Object.keys(vendor.json<object>())).toEqual(['errorMessage']);
    }
  });

  it('R30: months are calendar months in UTC, on the last day where the day is missing', async () => {
    for (const [now, validity, expiry] of [
      [LAST_OF_AUGUST_MS, 'P6M', '2030-02-28T10:20:30.400Z'],
      [LAST_OF_AUGUST_MS, 'P1M', '2029-09-30T10:20:30.400Z'],
      [Date.UTC(2027, 7, 31, 23, 59, 59, 999), 'P6M', '2028-02-29T23:59:59.999Z'],
      [Date.UTC(2028, 1, 29), 'P1Y', '2029-02-28T00:00:00.000Z'],
      [Date.UTC(2028, 1, 29), 'P2Y', '2030-02-28T00:00:00.000Z'],
      [Date.UTC(2029, 11, 31), 'P2M', '2030-02-28T00:00:00.000Z'],
    ] as const) {
      nowMs = now;
      expect((await gateway.createToken({ scope: 'read-only', validity })).expiresAt).toBe(expiry);
    }
  });

  it('R30: with nothing asked for, the maximum applies, and with it the same calendar', async () => {
    nowMs = LAST_OF_AUGUST_MS;
    for (const [maximum, expiry] of [
      ['P6M', '2030-02-28T10:20:30.400Z'],
      ['P1Y', '2030-08-31T10:20:30.400Z'],
      ['never', null],
    ] as const) {
      await gateway.patchSettings({ tokenValidity: { maximum } });
      expect((await gateway.createToken({ scope: 'read-only' })).expiresAt).toBe(expiry);
    }
  });

  it('R27: anything but the nine maxima is a 400, and the old one stays', async () => {
    await gateway.patchSettings({ tokenValidity: { maximum: 'P6M' } });
    for (const maximum of ['P7M', 'P12M', 'p6m', 'PT1H', 6, null, '', 'P3Y', 'Never', ['P6M']]) {
      expectProblem(await gateway.admin.patch('/settings', { tokenValidity: { maximum } }), 400, 'validation_failed');
    }
    const settings = await gateway.admin.get<typeof TEST_SETTINGS>('/settings');
    expect(settings.body.tokenValidity.maximum).toBe('P6M');
  });

  it('R31: a token is good to the last millisecond, and from the instant of its expiry on a 401', async () => {
    nowMs = LAST_OF_AUGUST_MS;
    const token = await gateway.createToken({ owner: 'alice', scope: 'read-only', validity: 'P6M' });
    const end = Date.parse(token.expiresAt ?? '');
    for (const headers of [[bearer(token.secret)], [basic('alice', token.secret)]]) {
      nowMs = end - 1;
      expect(await outcomeOf({ headers })).toEqual(PASSED);
      nowMs = end;
      expect(await outcomeOf({ headers })).toEqual([401, 'token_expired']);
      nowMs = end + 1;
      expect(await outcomeOf({ headers, path: '/browse/X-1' })).toEqual([401, 'token_expired']);
      nowMs = end - 1;
      expect(await outcomeOf({ headers })).toEqual(PASSED);
    }
    nowMs = end;
    expect(await shown(token)).toMatchObject({ status: 'expired', expiresAt: token.expiresAt });
    const listed = await gateway.admin.get<{ items: readonly { id: string }[] }>('/tokens?status=expired&limit=200');
    expect(listed.body.items.map(({ id }) => id)).toContain(token.id);
    const answer = await send({ headers: [bearer(token.secret)] });
    expect(answer.headerValues('www-authenticate').join()).toMatch(/Bearer .*error="invalid_token"/);
  });

  it('R32: a lower maximum lists what exceeds it and ends nothing; with applyAtUse it does, to the instant', async () => {
    nowMs = LAST_OF_AUGUST_MS;
    const forever = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    const year = await gateway.createToken({ owner: 'alice', scope: 'read-only', validity: 'P1Y' });
    const month = await gateway.createToken({ owner: 'alice', scope: 'read-only', validity: 'P1M' });
    const statuses = async (): Promise<readonly string[]> =>
      Promise.all([forever, year, month].map(async (token) => (await shown(token)).status));
    const exceeding = async (): Promise<readonly boolean[]> =>
      Promise.all([forever, year, month].map(async (token) => (await shown(token)).exceedsPolicy));
    const outcome = (token: TestToken): Promise<readonly [number, string | null]> =>
      outcomeOf({ headers: [bearer(token.secret)] });

    expect(await exceeding()).toEqual([false, false, false]);
    await gateway.patchSettings({ tokenValidity: { maximum: 'P6M' } });
    expect(await exceeding()).toEqual([true, true, false]);
    const listed = await gateway.admin.get<{ items: readonly { id: string }[] }>(
      '/tokens?exceedsPolicy=true&limit=200',
    );
    const ids = listed.body.items.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining([forever.id, year.id]));
    expect(ids).not.toContain(month.id);

    // 31 August and six months: the last of February.
    const end = Date.UTC(2030, 1, 28, 10, 20, 30, 400);
    nowMs = end + HOUR_MS;
    expect([await outcome(forever), await outcome(year)]).toEqual([PASSED, PASSED]);
    expect(await outcome(month)).toEqual([401, 'token_expired']);
    await gateway.patchSettings({ tokenValidity: { applyAtUse: true } });
    expect([await outcome(forever), await outcome(year)]).toEqual([
      [401, 'token_expired'],
      [401, 'token_expired'],
    ]);
    expect(await statuses()).toEqual(['expired', 'expired', 'expired']);
    // What it says itself is not changed by a setting.
    expect((await shown(forever)).expiresAt).toBeNull();
    nowMs = end - 1;
    expect([await outcome(forever), await outcome(year)]).toEqual([PASSED, PASSED]);
    expect(await statuses()).toEqual(['active', 'active', 'expired']);
    nowMs = end;
    expect(await outcome(forever)).toEqual([401, 'token_expired']);
    await gateway.patchSettings({ tokenValidity: { maximum: 'P1Y' } });
    expect([await outcome(forever), await outcome(year)]).toEqual([PASSED, PASSED]);
    nowMs = Date.parse(year.expiresAt ?? '');
    expect([await outcome(forever), await outcome(year)]).toEqual([
      [401, 'token_expired'],
      [401, 'token_expired'],
    ]);
    await gateway.patchSettings({ tokenValidity: { maximum: 'never' } });
    expect([await outcome(forever), await outcome(year)]).toEqual([PASSED, [401, 'token_expired']]);
  });

  it('R18: the switch for read-only tokens lists what it would now forbid, and the list forgets what it allows', async () => {
    const asAlice = gateway.as({ user: 'alice', password: alice.password });
    const made = await asAlice.post<TestToken>('/tokens', { description: 'own', scope: 'read-write' });
    const byAdmin = await gateway.createToken({ owner: 'alice', scope: 'read-write' });
    const reading = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    await gateway.patchPermissions({ createForSelf: { readOnlyOnly: true } });
    const listed = async (): Promise<readonly string[]> => {
      const answer = await gateway.admin.get<{ items: readonly { id: string }[] }>(
        '/tokens?exceedsPolicy=true&limit=200',
      );
      return answer.body.items.map(({ id }) => id);
    };
    expect(await listed()).toContain(made.body.id);
    expect(await listed()).not.toContain(byAdmin.id);
    expect(await listed()).not.toContain(reading.id);
    expect(await outcomeOf({ method: 'POST', headers: [bearer(made.body.secret)] })).toEqual(PASSED);
    await gateway.patchPermissions({ createForSelf: { readOnlyOnly: false } });
    expect(await listed()).not.toContain(made.body.id);
  });
});

describe('addresses', () => {
  type RuleCase = {
    readonly id: string;
    readonly rules: readonly unknown[];
    readonly expected: 'validation-error' | Readonly<Record<string, boolean>>;
    readonly also_ok?: unknown;
    readonly why: string;
  };

  const explainFrom = (peer: string, headers: readonly HeaderLine[], tokenId: string): Promise<ApiAnswer<Explained>> =>
    gateway.admin.post<Explained>('/explain', {
      application: 'jira',
      method: 'GET',
      path: REST,
      peer,
      headers,
      tokenId,
    });

  let token: TestToken;

  beforeAll(async () => {
    token = await gateway.createToken({ owner: 'alice', scope: 'read-write' });
  });

  it.each(corpus<RuleCase>('ip-rules'))('R33, R40: $id as the settings take it: $why', async (row) => {
    const answer = await gateway.admin.patch<typeof TEST_SETTINGS>('/settings', {
      ipRestriction: { allowList: row.rules },
    });
    if (answer.status === 400) {
      if (row.expected !== 'validation-error') expect(row.also_ok).toBe('validation-error');
      expectProblem(answer, 400, 'validation_failed');
      const settings = await gateway.admin.get<typeof TEST_SETTINGS>('/settings');
      expect(settings.body.ipRestriction.allowList).toEqual([]);
      // A token's own list takes what the settings take, and nothing else.
      const own = await gateway.admin.post('/tokens', { description: 'x', scope: 'read-only', allowList: row.rules });
      expectProblem(own, 400, 'validation_failed');
      return;
    }
    expect(answer.status).toBe(200);
    if (row.expected === 'validation-error') {
      expect(row.also_ok).toBeDefined();
      return;
    }
    for (const [address, isAllowed] of Object.entries(row.expected)) {
      const explained = await explainFrom(address, [], token.id);
      expect(explained.body.decision, address).toBe(isAllowed ? 'allow' : 'deny');
      const isEmpty = row.rules.length === 0;
      expect(explained.body.clientIp.entry === null, address).toBe(!isAllowed || isEmpty);
    }
  });

  type ForwardedCase = {
    readonly id: string;
    readonly proxySupport: boolean;
    readonly headerName: string;
    readonly trusted: readonly string[];
    readonly peer: string;
    readonly headers: readonly HeaderLine[];
    readonly expected: { readonly client: string | null };
    readonly also_ok?: readonly unknown[];
    readonly why: string;
  };

  it.each(corpus<ForwardedCase>('xff'))('R38, R39: $id as explain shows it: $why', async (row) => {
    await gateway.patchSettings({
      reverseProxy: { enabled: row.proxySupport, trustedProxies: row.trusted, header: row.headerName },
    });
    const outcomes = [row.expected, ...(row.also_ok ?? [])].flatMap((outcome) =>
      typeof outcome === 'object' && outcome !== null && 'client' in outcome ? [outcome.client] : [],
    );
    const explained = await explainFrom(row.peer, row.headers, token.id);
    expect(explained.status).toBe(200);
    expect(outcomes).toContain(explained.body.clientIp.derived);
    // Every list refuses an unknown address, even one that allows all addresses.
    await gateway.patchSettings({ ipRestriction: { allowList: ['0.0.0.0/0', '::/0'] } });
    const listed = await explainFrom(row.peer, row.headers, token.id);
    expect(listed.body.decision).toBe(explained.body.clientIp.derived === null ? 'deny' : 'allow');
  });

  it('R33, R34: entries act from the next request on, added and taken off singly or all at once', async () => {
    await gateway.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } });
    const from = (address: string): Promise<readonly [number, string | null]> =>
      outcomeOf({ headers: [bearer(token.secret), ['X-Forwarded-For', address]] });
    const add = (entry: unknown): Promise<ApiAnswer<unknown>> => gateway.admin.post('/settings/allow-list', { entry });
    const takeOff = async (entry: string): Promise<number> =>
      (await gateway.admin.delete(`/settings/allow-list/${encodeURIComponent(entry)}`)).status;
    const refused = [401, 'ip_not_allowed'];

    expect(await from('203.0.113.9')).toEqual(PASSED);
    expect((await add('192.0.2.0/24')).status).toBe(201);
    expect([await from('192.0.2.255'), await from('203.0.113.9'), await from('2001:db8::1')]).toEqual([
      PASSED,
      refused,
      refused,
    ]);
    expect((await add('2001:db8::-2001:db8::f')).status).toBe(201);
    expect((await add('203.0.113.9')).status).toBe(201);
    expect([await from('2001:DB8:0::F'), await from('2001:db8::10'), await from('203.0.113.9')]).toEqual([
      PASSED,
      refused,
      PASSED,
    ]);
    for (const wrong of ['300.0.0.1', '192.0.2.0/33', '', 5, null, '203.0.113.9/24']) {
      expectProblem(await add(wrong), 400, 'validation_failed');
    }
    expect(await takeOff('192.0.2.0/24')).toBe(204);
    expect(await from('192.0.2.255')).toEqual(refused);
    expect(await takeOff('192.0.2.0/24')).toBe(404);
    expect(await takeOff('203.0.113.9')).toBe(204);
    expect(await takeOff('2001:db8::-2001:db8::f')).toBe(204);
    // Taking off the last entry allows every address.
    expect(await from('203.0.113.200')).toEqual(PASSED);

    await gateway.patchSettings({ ipRestriction: { allowList: ['192.0.2.1', '192.0.2.3-192.0.2.5'] } });
    const broken = await gateway.admin.patch('/settings', { ipRestriction: { allowList: ['192.0.2.9', 'nonsense'] } });
    expectProblem(broken, 400, 'validation_failed');
    expect([await from('192.0.2.9'), await from('192.0.2.4')]).toEqual([refused, PASSED]);
    await gateway.patchSettings({ ipRestriction: { allowList: [] } });
    expect(await from('192.0.2.9')).toEqual(PASSED);
  });

  it('R34, R35, R36, R37: a forbidden address, with each kind of credential and in each mode of passwords', async () => {
    const ofToken = [basic('alice', token.secret)];
    const ofPassword = [basic('alice', 'a password')];
    const nearlyToken = [basic('alice', 'sg_no_token_at_all')];
    await gateway.patchSettings({ ipRestriction: { allowList: ['192.0.2.1'] } });

    const refused = await send({ headers: ofToken });
    expect(refused.status).toBe(401);
    expect(refused.json<ProblemBody>().detail).toContain('127.0.0.1');
    expect(await outcomeOf({ headers: ofPassword })).toEqual(PASSED);
    expect(upstream.lastRequest?.header('authorization')).toBe(ofPassword[0]?.[1]);
    expect(await outcomeOf({ headers: nearlyToken })).toEqual([401, 'ip_not_allowed']);
    expect(await outcomeOf({ headers: nearlyToken, path: '/browse/X-1' })).toEqual([401, 'ip_not_allowed']);
    expect(await outcomeOf({})).toEqual(PASSED);

    await gateway.patchSettings({ passwords: { enabled: false } });
    expect(await outcomeOf({ headers: ofToken })).toEqual([401, 'ip_not_allowed']);
    expect(await outcomeOf({ headers: ofPassword })).toEqual([401, 'password_disabled']);
    await gateway.patchSettings({ passwords: { enabled: true }, ipRestriction: { applyToPasswords: true } });
    expect(await outcomeOf({ headers: ofPassword })).toEqual([401, 'ip_not_allowed']);
    expect(await outcomeOf({ path: `${REST}?os_username=alice&os_password=x` })).toEqual([401, 'ip_not_allowed']);
    // The management API stays open for a password, so that the list can be mended.
    expect((await gateway.admin.get('/settings')).status).toBe(200);
    const events = await gateway.events({ code: 'ip_not_allowed', application: 'jira', clientIp: '127.0.0.1' });
    expect(new Set(events.map(({ type, status }) => `${type} ${status}`))).toEqual(
      new Set(['authentication.failed 401']),
    );
    expect(events.map(({ credential }) => credential)).toEqual(expect.arrayContaining(['password', 'basic-token']));
  });

  it('R39: behind a proxy that sends Forwarded, that header alone names the client, also in the audit', async () => {
    const reverseProxy = { enabled: true, trustedProxies: ['127.0.0.1', '10.0.0.0/8'], header: 'Forwarded' };
    await gateway.patchSettings({ reverseProxy, ipRestriction: { allowList: ['2001:db8:cafe::/48', '192.0.2.60'] } });
    const outcome = (...headers: readonly HeaderLine[]): Promise<readonly [number, string | null]> =>
      outcomeOf({ headers: [bearer(token.secret), ...headers] });
    const refused = [401, 'ip_not_allowed'];

    expect(await outcome(['Forwarded', 'for=192.0.2.60;proto=http;by=203.0.113.43'])).toEqual(PASSED);
    expect(await outcome(['forwarded', 'For="[2001:db8:cafe::17]:4711"'])).toEqual(PASSED);
    expect(await outcome(['Forwarded', 'for=203.0.113.9, for=192.0.2.60'], ['Forwarded', 'for=10.1.1.1'])).toEqual(
      PASSED,
    );
    expect(await outcome(['Forwarded', 'for=192.0.2.60, for=203.0.113.9'])).toEqual(refused);
    expect(await outcome(['X-Forwarded-For', '192.0.2.60'])).toEqual(refused);
    for (const malformed of ['for=unknown', 'for=_hidden', 'for=2001:db8:cafe::17', 'for="192.0.2.60', '192.0.2.60']) {
      expect(await outcome(['Forwarded', malformed]), malformed).toEqual(refused);
    }
    const agent = unique('agent');
    await outcome(['Forwarded', 'for="[2001:DB8:cafe::17]"'], ['User-Agent', agent]);
    const [event] = await gateway.events({ q: agent });
    expect(event).toMatchObject({ clientIp: '2001:db8:cafe::17', peer: '127.0.0.1' });
    // Support off: the peer counts, whatever is forwarded.
    await gateway.patchSettings({ reverseProxy: { enabled: false } });
    expect(await outcome(['Forwarded', 'for=192.0.2.60'])).toEqual(refused);
  });
});

describe('passwords', () => {
  const password: readonly HeaderLine[] = [basic('alice', 'a password')];
  const AMBIGUOUS = ['/browse/..;/rest/x', '/rest/../secure', '/%2e%2e/rest/api', '/s/1/_/rest/api'] as const;

  it('R42, R43, R45: disabling and enabling acts on the next request, on REST paths alone', async () => {
    const paths = [REST, '/REST/api', '/browse/X-1', '/rest'] as const;
    for (const path of paths) expect(await outcomeOf({ path, headers: password }), path).toEqual(PASSED);
    await gateway.patchSettings({ passwords: { enabled: false } });
    expect(await outcomeOf({ headers: password })).toEqual([401, 'password_disabled']);
    expect(await outcomeOf({ application: 'generic', path: '/any/thing', headers: password })).toEqual([
      401,
      'password_disabled',
    ]);
    expect(await outcomeOf({ application: 'bitbucket', path: '/scm/a/b.git/info/refs', headers: password })).toEqual([
      401,
      'password_disabled',
    ]);
    for (const sending of [
      { headers: password, path: '/browse/X-1' },
      { headers: [] },
      { headers: [['Cookie', 'JSESSIONID=1'] as const] },
      { headers: [['Authorization', 'Negotiate abc'] as const] },
    ]) {
      expect(await outcomeOf(sending), JSON.stringify(sending)).toEqual(PASSED);
    }
    await gateway.patchSettings({ passwords: { enabled: true } });
    expect(await outcomeOf({ headers: password })).toEqual(PASSED);
  });

  it('R46, R47: the prevention of path traversal comes with disabled passwords and goes with them', async () => {
    const refused = await gateway.admin.patch('/settings', { passwords: { preventPathTraversal: true } });
    expectProblem(refused, 400, 'validation_failed');
    for (const path of AMBIGUOUS) expect(await outcomeOf({ path, headers: password }), path).toEqual(PASSED);

    await gateway.patchSettings({ passwords: { enabled: false } });
    for (const path of AMBIGUOUS) {
      expect(await outcomeOf({ path, headers: password }), path).toEqual([401, 'password_disabled']);
      expect(await outcomeOf({ path }), path).toEqual(PASSED);
      expect(upstream.lastRequest?.target, path).toBe(path);
    }
    await gateway.patchSettings({ passwords: { preventPathTraversal: true } });
    upstream.respondWith(() => ({ headers: [['Set-Cookie', 'JSESSIONID=1; Path=/']], body: '{}' }));
    for (const path of AMBIGUOUS) {
      for (const headers of [[], password, [['Cookie', 'JSESSIONID=1'] as const]]) {
        upstream.clear();
        const answer = await send({ path, headers });
        expect([answer.status, answer.json<ProblemBody>().code], path).toEqual([400, 'path_ambiguous']);
        expect(answer.header('set-cookie')).toBeUndefined();
        expect(upstream.bytesReceived).toBe(0);
      }
    }
    await gateway.patchSettings({ passwords: { enabled: true } });
    const settings = await gateway.admin.get<typeof TEST_SETTINGS>('/settings');
    expect(settings.body.passwords).toEqual({ enabled: true, preventPathTraversal: false });
    for (const path of AMBIGUOUS) expect(await outcomeOf({ path, headers: password }), path).toEqual(PASSED);
  });

  it('R48: a token never takes such a path, in no mode', async () => {
    const token = await gateway.createToken({ owner: 'alice', scope: 'read-write' });
    for (const passwords of [{ enabled: true }, { enabled: false }, { enabled: false, preventPathTraversal: true }]) {
      await gateway.patchSettings({ passwords });
      for (const path of AMBIGUOUS) {
        expect(await outcomeOf({ path, headers: [bearer(token.secret)] }), path).toEqual([400, 'path_ambiguous']);
      }
    }
  });

  it('R49, R50: the exception for the Remote API of confluence, on and off', async () => {
    const token = await gateway.createToken({ owner: 'alice', scope: 'read-write' });
    const call = (path: string, headers: readonly HeaderLine[] = password): Promise<readonly [number, string | null]> =>
      outcomeOf({ application: 'confluence', method: 'POST', path, headers });
    const remote = [
      '/rpc/xmlrpc',
      '/rpc/soap-axis/confluenceservice-v2',
      '/rpc/json-rpc/confluenceservice-v2',
    ] as const;
    const others = ['/rpc/other', '/rpc/xmlrpc/x', '/rest/api/content'] as const;
    for (const path of remote) {
      expect(await call(path), path).toEqual(PASSED);
      expect(await call(path, [bearer(token.secret)]), path).toEqual([401, 'remote_api_needs_password']);
    }
    await gateway.patchSettings({ passwords: { enabled: false } });
    for (const path of [...remote, ...others]) {
      expect(await call(path), path).toEqual([401, 'password_disabled']);
    }
    expect((await gateway.admin.patch('/applications/confluence', { remoteApiPasswords: true })).status).toBe(200);
    for (const path of remote) {
      expect(await call(path), path).toEqual(PASSED);
      expect(upstream.lastRequest?.header('authorization')).toBe(password[0]?.[1]);
      expect(await call(path, [basic('alice', token.secret)]), path).toEqual([401, 'remote_api_needs_password']);
    }
    for (const path of others) {
      expect(await call(path), path).toEqual([401, 'password_disabled']);
    }
    expect((await gateway.admin.patch('/applications/confluence', { remoteApiPasswords: false })).status).toBe(200);
    expect(await call('/rpc/xmlrpc')).toEqual([401, 'password_disabled']);
    for (const key of ['jira', 'bitbucket', 'generic']) {
      const answer = await gateway.admin.patch(`/applications/${key}`, { remoteApiPasswords: true });
      expectProblem(answer, 400, 'validation_failed');
    }
  });
});

describe("the product's own tokens", () => {
  it.each([
    ['jira', '8.13.99', '8.14', '/rest/pat/latest/tokens'],
    ['confluence', '7.8.3', '7.10.0', '/rest/pat/1.0/tokens'],
    ['bitbucket', null, '4.0.0', '/rest/access-tokens/latest/users/alice'],
  ] as const)('R52, R53, R54: the switch of %s', async (kind, tooOld, since, management) => {
    const key = await gateway.createApplication({
      kind,
      upstream: upstream.url,
      version: tooOld ?? since,
      mount: { pathPrefix: `/native-${kind}` },
    });
    const application = `native-${kind}`;
    const change = (patch: object): Promise<ApiAnswer<Warned>> =>
      gateway.admin.patch<Warned>(`/applications/${key}`, patch);
    const isWarned = (answer: ApiAnswer<Warned>): boolean =>
      answer.body.warnings.some(({ message }) => message.includes('/plugins/servlet/upm'));
    const settingsWarn = async (): Promise<boolean> => {
      const { body } = await gateway.admin.get<Warned>('/settings');
      return body.warnings.some(({ message }) => message.includes(key));
    };
    const token = await gateway.createToken({ owner: 'alice', scope: 'read-write' });
    const rest = kind === 'bitbucket' ? '/rest/api/1.0/projects' : '/rest/api/2/x';
    const callers: readonly (readonly HeaderLine[])[] = [
      [],
      [bearer('of-the-product')],
      [basic('alice', 'a password')],
      [bearer(token.secret)],
      [['Cookie', 'JSESSIONID=1']],
    ];

    if (tooOld !== null) {
      expectProblem(await change({ nativeTokensDisabled: true }), 400, 'validation_failed');
      expect(await settingsWarn()).toBe(false);
      expect((await change({ version: since })).status).toBe(200);
    }
    // Off: it works as the product has it, and is warned of.
    const off = await gateway.admin.get<Warned>(`/applications/${key}`);
    expect(isWarned(off)).toBe(true);
    expect(off.body.warnings.some(({ message }) => /past|direct|around/i.test(message))).toBe(true);
    expect(await settingsWarn()).toBe(true);
    for (const headers of callers) expect(await outcomeOf({ application, path: management, headers })).toEqual(PASSED);
    expect(await outcomeOf({ application, path: rest, headers: [bearer('of-the-product')] })).toEqual(PASSED);
    expect(upstream.lastRequest?.header('authorization')).toBe('Bearer of-the-product');

    const on = await change({ nativeTokensDisabled: true });
    expect([on.status, isWarned(on)]).toEqual([200, false]);
    expect(await settingsWarn()).toBe(false);
    for (const headers of callers) {
      for (const path of [
        management,
        management.replace(/latest|1\.0/, '99'),
        management.replace('/rest', '/x/..;/rest'),
      ]) {
        const [status, code] = await outcomeOf({ application, path, headers });
        // The path of a request with a token must have one reading; that is checked first.
        const isRefused = status === 403 ? code === 'native_token_management_disabled' : code === 'path_ambiguous';
        expect([path, status, code, isRefused], JSON.stringify(headers)).toEqual([path, status, code, true]);
      }
    }
    expect(await outcomeOf({ application, path: rest, headers: [bearer('of-the-product')] })).toEqual([
      401,
      'native_token_disabled',
    ]);
    expect(await outcomeOf({ application, path: '/page', headers: [bearer('of-the-product')] })).toEqual(PASSED);
    expect(await outcomeOf({ application, path: rest, headers: [bearer(token.secret)] })).toEqual(PASSED);
    expect(await outcomeOf({ application, path: rest, headers: [basic('alice', 'a password')] })).toEqual(PASSED);

    expect((await change({ nativeTokensDisabled: false })).status).toBe(200);
    expect(await outcomeOf({ application, path: management, headers: [bearer('of-the-product')] })).toEqual(PASSED);
    expect((await gateway.admin.delete(`/applications/${key}`)).status).toBe(204);
  });

  it('R52: a generic application has no such switch', async () => {
    const answer = await gateway.admin.patch('/applications/generic', { nativeTokensDisabled: true });
    expectProblem(answer, 400, 'validation_failed');
  });
});
