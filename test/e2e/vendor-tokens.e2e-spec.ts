import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Clock } from '../../src/common/time/clock.js';
import { restoreRules } from '../support/each-database.js';
import { shareGateway } from '../support/gateway-test.js';
import type { HeaderLine } from '../support/http-message.js';
import { startJiraUpstream } from '../support/jira.upstream.js';
import { request, type RawAnswer } from '../support/raw-client.js';
import { basic, bearer, type TestToken } from '../support/scopegate.fixture.js';

/** A new token as the app answers it. */
type Created = {
  readonly id: number;
  readonly plainTextToken: string;
  readonly tokenDescription: string;
  readonly tokenScope: number;
  readonly tokenExpirationDateTime: string | null;
  readonly tokenExpirationDateTimeMillis: number | null;
};

type Listed = {
  readonly id: number;
  readonly description: string;
  readonly userKey: string;
  readonly tokenScope: number;
  readonly created: number;
  readonly lastAccessed: number;
  readonly validUntil: number | null;
};

type Page = { readonly content: readonly Listed[] };

type Sending = {
  readonly method?: string;
  /** What follows `/rest/de.resolution.apitokenauth/latest/user`. */
  readonly path?: string;
  readonly mount?: string;
  readonly headers?: readonly HeaderLine[];
  readonly body?: unknown;
  readonly port?: number;
};

const TOKENS = '/rest/de.resolution.apitokenauth/latest/user';
const JSON_LINE: HeaderLine = ['Content-Type', 'application/json'];
const KINDS = ['jira', 'confluence', 'bitbucket'] as const;
/** An instant on a day that February lacks. */
const LEAP_CASE_MS = Date.UTC(2029, 7, 31, 10, 20, 30, 400);

const { gateway, upstream } = await shareGateway({ management: true });
await restoreRules(gateway);
for (const kind of [...KINDS, 'generic'] as const) {
  const mount = { pathPrefix: `/${kind}` };
  await gateway.createApplication({ key: kind, kind, upstream: upstream.url, mount, passwords: 'forward' });
}
await gateway.createApplication({ key: 'hosted', upstream: upstream.url, mount: { host: 'jira.test' } });
const alice = await gateway.createUser({ username: 'alice' });
const bob = await gateway.createUser({ username: 'bob' });
const asAlice = basic(alice.username, alice.password);
const asBob = basic(bob.username, bob.password);
const asAdmin = basic('admin', gateway.adminPassword);

afterEach(async () => {
  vi.restoreAllMocks();
  await restoreRules(gateway);
});

function call({ path = '/token', mount = '/jira', headers = [asAlice], body, ...rest }: Sending): Promise<RawAnswer> {
  return request(
    {
      port: gateway.port,
      ...rest,
      target: `${mount}${TOKENS}${path}`,
      headers: body === undefined ? headers : [...headers, JSON_LINE],
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    },
    { closeWaitMs: 0 },
  );
}

async function create(body: object = {}, more: Sending = {}): Promise<Created> {
  const answer = await call({ method: 'POST', body: { tokenDescription: 'nightly', ...body }, ...more });
  expect(answer.status, answer.text()).toBe(200);
  return answer.json<Created>();
}

async function list(more: Sending = {}): Promise<readonly Listed[]> {
  const answer = await call(more);
  expect(answer.status, answer.text()).toBe(200);
  return answer.json<Page>().content;
}

describe("the vendor's REST calls", () => {
  it.each(KINDS)(
    'R05, R09: create, list, describe and delete below a %s, and the upstream receives nothing',
    async (kind) => {
      const mount = `/${kind}`;
      const before = Date.now();
      const created = await create({ tokenDescription: 'report' }, { mount });
      expect(created).toMatchObject({
        id: expect.any(Number) as unknown,
        plainTextToken: expect.stringMatching(/^sg_[0-9A-Za-z]{12}_[0-9A-Za-z]{40}_[0-9A-Za-z]{6}$/) as unknown,
        tokenDescription: 'report',
        tokenScope: 1,
        tokenExpirationDateTimeMillis: null,
      });
      expect(Number.isInteger(created.id)).toBe(true);

      const listed = (await list({ mount })).find(({ id }) => id === created.id);
      expect(listed).toMatchObject({ description: 'report', userKey: 'alice', lastAccessed: 0, validUntil: null });
      expect(listed?.created).toBeGreaterThanOrEqual(before);
      expect(listed?.created).toBeLessThanOrEqual(Date.now());
      expect(JSON.stringify(await list({ mount }))).not.toContain('sg_');

      const changed = await call({
        mount,
        method: 'PATCH',
        path: `/token/${created.id}`,
        body: { tokenDescription: 'new' },
      });
      expect([changed.status, changed.json<Listed>().description]).toEqual([200, 'new']);

      const deleted = await call({ mount, method: 'DELETE', path: `/token/${created.id}` });
      expect([deleted.status, deleted.text()]).toEqual([200, 'true']);
      expect(deleted.header('content-type')).toMatch(/^application\/json/);
      expect((await list({ mount })).some(({ id }) => id === created.id)).toBe(false);
      expect((await call({ mount, method: 'DELETE', path: `/token/${created.id}` })).status).toBe(404);
      expect(upstream.bytesReceived).toBe(0);
    },
  );

  it('R45: below a generic application the path is its own', async () => {
    const answer = await call({ mount: '/generic', method: 'POST', body: { tokenDescription: 'x' } });
    expect(answer.status).toBe(200);
    expect(upstream.requests.map(({ method, target }) => [method, target])).toEqual([['POST', `${TOKENS}/token`]]);
  });

  it('R09: tokenScope 2 is read-write, 1 and nothing are read-only, and anything else is a 400', async () => {
    for (const [asked, scope] of [
      [{}, 1],
      [{ tokenScope: 1 }, 1],
      [{ tokenScope: 2 }, 2],
      [{ tokenScope: null }, 1],
    ] as const) {
      const { id, tokenScope } = await create(asked);
      expect([tokenScope, (await list()).find((token) => token.id === id)?.tokenScope]).toEqual([scope, scope]);
    }
    for (const tokenScope of [0, 3, '2', true, [2], 1.5]) {
      const answer = await call({ method: 'POST', body: { tokenDescription: 'x', tokenScope } });
      expect([answer.status, Object.keys(answer.json<object>())]).toEqual([400, ['errorMessage']]);
    }
  });

  it('R29, R30: the expiry is given in calendar months or as an instant, or is the maximum', async () => {
    vi.spyOn(gateway.provider(Clock), 'nowMs').mockImplementation(() => LEAP_CASE_MS);
    await gateway.patchSettings({ tokenValidity: { maximum: 'P1Y' } });
    const cases = [
      [{}, '2030-08-31T10:20:30.400Z'],
      [{ tokenValidityTimeInMonths: 12 }, '2030-08-31T10:20:30.400Z'],
      // Seven months are offered nowhere else: the app took any number.
      [{ tokenValidityTimeInMonths: 7 }, '2030-03-31T10:20:30.400Z'],
      [{ tokenValidityTimeInMonths: 6 }, '2030-02-28T10:20:30.400Z'],
      [{ tokenExpirationDateTime: '2029-10-19T10:29:00.000+02:00' }, '2029-10-19T08:29:00.000Z'],
      [
        { tokenValidityTimeInMonths: 99, tokenExpirationDateTime: '2030-08-31T12:20:30.400+02:00' },
        '2030-08-31T10:20:30.400Z',
      ],
    ] as const;
    for (const [asked, expiry] of cases) {
      const created = await create(asked);
      expect(created.tokenExpirationDateTimeMillis, JSON.stringify(asked)).toBe(Date.parse(expiry));
      expect(created.tokenExpirationDateTime).toBe(expiry);
      expect((await list()).find(({ id }) => id === created.id)?.validUntil).toBe(Date.parse(expiry));
    }
  });

  it('R27, R29: beyond the maximum is a 400 in the vendor’s shape that states the limit in months', async () => {
    vi.spyOn(gateway.provider(Clock), 'nowMs').mockImplementation(() => LEAP_CASE_MS);
    await gateway.patchSettings({ tokenValidity: { maximum: 'P1Y' } });
    for (const asked of [
      { tokenValidityTimeInMonths: 13 },
      { tokenExpirationDateTime: '2030-08-31T10:20:30.401Z' },
      { tokenExpirationDateTime: '9999-01-01T00:00:00Z' },
    ]) {
      const answer = await call({ method: 'POST', body: { tokenDescription: 'x', ...asked } });
      expect(answer.status).toBe(400);
      expect(Object.keys(answer.json<object>())).toEqual(['errorMessage']);
      expect(answer.json<{ errorMessage: string }>().errorMessage).toMatch(/within the next 12 months\.$/);
    }
  });

  it('R29: whatever else does not fit is a 400 in the vendor’s shape', async () => {
    for (const body of [
      {},
      { tokenDescription: '' },
      { tokenDescription: 5 },
      { tokenDescription: 'x', tokenValidityTimeInMonths: 0 },
      { tokenDescription: 'x', tokenValidityTimeInMonths: -1 },
      { tokenDescription: 'x', tokenValidityTimeInMonths: 1.5 },
      { tokenDescription: 'x', tokenExpirationDateTime: '2001-01-01T00:00:00Z' },
      { tokenDescription: 'x', tokenExpirationDateTime: '2099-01-01T00:00:00' },
      { tokenDescription: 'x', tokenExpirationDateTime: '2099-02-30T00:00:00Z' },
      [],
      '{"tokenDescription":',
      '"text"',
      '',
    ]) {
      const answer = await call({ method: 'POST', body });
      expect(answer.status, JSON.stringify(body)).toBe(400);
      expect(answer.json(), JSON.stringify(body)).toEqual({ errorMessage: expect.stringMatching(/\S/) as unknown });
    }
  });

  it('R16, R20: tokenForUserKey names another owner, for whom only the on-behalf permission lets create', async () => {
    const refused = await call({ method: 'POST', body: { tokenDescription: 'x', tokenForUserKey: 'bob' } });
    expect(refused.status).toBe(403);
    expect(refused.json()).toMatchObject({
      code: 'create_on_behalf_not_permitted',
      errorMessage: expect.stringMatching(/\S/) as unknown,
    });
    // Whether there is such a user is not told.
    const nobody = await call({ method: 'POST', body: { tokenDescription: 'x', tokenForUserKey: 'nobody' } });
    expect([nobody.status, nobody.json<{ detail: string }>().detail]).toEqual([
      403,
      refused.json<{ detail: string }>().detail,
    ]);

    const own = await create({ tokenForUserKey: 'ALICE' });
    expect((await list()).map(({ id }) => id)).toContain(own.id);

    const created = await create({ tokenForUserKey: 'bob', tokenScope: 2 }, { headers: [asAdmin] });
    expect((await list({ headers: [asBob] })).map(({ id }) => id)).toContain(created.id);
    const unknown = await call({
      method: 'POST',
      headers: [asAdmin],
      body: { tokenDescription: 'x', tokenForUserKey: 'nobody' },
    });
    expect(unknown.status).toBe(400);
    const used = await request({
      port: gateway.port,
      target: '/jira/rest/x',
      headers: [basic('bob', created.plainTextToken)],
    });
    expect(used.status).toBe(200);
    expect(upstream.lastRequest?.header('x-forwarded-user')).toBe('bob');
  });

  it('R15: what the permissions forbid is a 403', async () => {
    await gateway.patchPermissions({ createForSelf: { readOnlyOnly: true } });
    const readWrite = await call({ method: 'POST', body: { tokenDescription: 'x', tokenScope: 2 } });
    expect([readWrite.status, readWrite.json<{ code: string }>().code]).toEqual([403, 'scope_not_permitted']);
    expect((await create()).tokenScope).toBe(1);
    await gateway.patchPermissions({ createForSelf: { everyone: false, groups: [], readOnlyOnly: false } });
    const forbidden = await call({ method: 'POST', body: { tokenDescription: 'x' } });
    expect([forbidden.status, forbidden.json<{ code: string }>().code]).toEqual([403, 'create_not_permitted']);
  });

  it('R63: every user can list his own tokens; only administrators see those of others', async () => {
    const ofAlice = await create();
    const ofBob = await create({}, { headers: [asBob] });
    const ids = async (path: string, as: HeaderLine): Promise<readonly number[]> =>
      (await list({ path, headers: [as] })).map(({ id }) => id);

    expect(await ids('/token', asAlice)).not.toContain(ofBob.id);
    // R24: an administrator has no tokens of others among its own.
    const own = await list({ path: '/token', headers: [asAdmin] });
    expect(own.filter(({ userKey }) => userKey !== 'admin')).toEqual([]);
    expect(await ids('/tokensByFilter', asAlice)).not.toContain(ofBob.id);
    expect(await ids('/tokensByFilter', asAdmin)).toEqual(expect.arrayContaining([ofAlice.id, ofBob.id]));

    for (const [method, body] of [
      ['PATCH', { tokenDescription: 'taken' }],
      ['DELETE', undefined],
    ] as const) {
      const answer = await call({ method, path: `/token/${ofBob.id}`, body });
      expect(answer.status).toBe(404);
    }
    expect((await call({ method: 'DELETE', path: `/token/${ofBob.id}`, headers: [asAdmin] })).text()).toBe('true');
  });

  it('R58: tokensByFilter takes the names of the app’s filters, and refuses all others', async () => {
    const carol = await gateway.createUser({ username: 'carol' });
    const dave = await gateway.createUser({ username: 'dave' });
    const asCarol = basic(carol.username, carol.password);
    const asDave = basic(dave.username, dave.password);
    const monthly = await create(
      { tokenDescription: 'Monthly sums', tokenValidityTimeInMonths: 1 },
      { headers: [asCarol] },
    );
    const lasting = await create({ tokenDescription: 'lasting', tokenScope: 2 }, { headers: [asCarol] });
    const other = await create({ tokenDescription: 'of another' }, { headers: [asDave] });
    const find = async (query: string): Promise<readonly number[]> =>
      (await list({ path: `/tokensByFilter?${query}`, headers: [asAdmin] })).map(({ id }) => id);

    expect(await find('userFilter=carol')).toEqual([monthly.id, lasting.id]);
    expect(await find('userFilter=CAROL&userFilter=dave')).toEqual([monthly.id, lasting.id, other.id]);
    expect(await find('userFilter=nobody')).toEqual([]);
    expect(await find('descriptionFilter=monthly%20s')).toEqual([monthly.id]);
    // The owner's name is no part of the description.
    expect(await find('descriptionFilter=carol')).toEqual([]);
    expect(await find('userFilter=carol&tokenScope=2')).toEqual([lasting.id]);
    expect(await find('tokenScope=0')).toEqual([]);
    const expiry = monthly.tokenExpirationDateTimeMillis ?? 0;
    expect(await find(`userFilter=carol&notValidAfter=${expiry}`)).toEqual([monthly.id]);
    expect(await find(`userFilter=carol&notValidAfter=${expiry - 1}`)).toEqual([]);
    expect(await find(`userFilter=carol&fromExpiresDuring=${expiry}&untilExpiresDuring=${expiry}`)).toEqual([
      monthly.id,
    ]);
    expect(await find(`userFilter=carol&fromCreated=${Date.now() + 60_000}`)).toEqual([]);
    expect(await find(`userFilter=carol&untilCreated=${Date.now() + 60_000}`)).toEqual([monthly.id, lasting.id]);
    expect(await find(`userFilter=carol&fromLastUsed=1`)).toEqual([]);
    expect(await find('userFilter=carol&page=0&limit=1')).toEqual([monthly.id]);
    expect(await find('userFilter=carol&page=1&limit=1')).toEqual([lasting.id]);

    // A script that deletes what it finds must not find more than it asked for.
    for (const query of [
      'owner=carol',
      'notValidAfter=yesterday',
      'limit=0',
      'page=-1',
      'tokenScope=4',
      'userFilter=',
    ]) {
      const answer = await call({ path: `/tokensByFilter?${query}`, headers: [asAdmin] });
      expect([answer.status, Object.keys(answer.json<object>())], query).toEqual([400, ['errorMessage']]);
    }
  });

  it('R05, R06, R10: a read-only token may create a read-only one, and neither describe nor delete', async () => {
    const readOnly = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    const other = await create();
    const headers = [basic('alice', readOnly.secret)];
    const child = await create({}, { headers });
    expect(child.tokenScope).toBe(1);
    expect((await list({ headers })).map(({ id }) => id)).toEqual(expect.arrayContaining([other.id, child.id]));

    const readWrite = await call({ method: 'POST', headers, body: { tokenDescription: 'x', tokenScope: 2 } });
    expect([readWrite.status, readWrite.json<{ code: string }>().code]).toEqual([403, 'exceeds_parent_token']);
    for (const [method, body] of [
      ['PATCH', { tokenDescription: 'taken' }],
      ['DELETE', undefined],
    ] as const) {
      const answer = await call({ method, path: `/token/${other.id}`, headers, body });
      expect([answer.status, answer.json<{ code: string }>().code]).toEqual([403, 'scope_insufficient']);
    }
    for (const [method, path] of [
      ['POST', '/token/'],
      ['POST', '/tokensByFilter'],
      ['POST', '/token/1'],
      ['POST', '/else'],
      ['DELETE', ''],
    ] as const) {
      const answer = await call({ method, path, headers, body: { tokenDescription: 'x' } });
      expect([answer.status, answer.json<{ code: string }>().code], path).toEqual([403, 'scope_insufficient']);
    }
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R43: with passwords disabled the calls still take a password, and a wrong one is a 401', async () => {
    await gateway.patchSettings({ passwords: { enabled: false } });
    const created = await create();
    expect((await list()).map(({ id }) => id)).toContain(created.id);
    for (const headers of [[basic('alice', 'wrong password')], [bearer('of-the-product')], []]) {
      const answer = await call({ headers });
      expect(answer.status).toBe(401);
      expect(answer.headerValues('www-authenticate').join()).toMatch(/Basic/);
      expect(answer.json()).toMatchObject({ errorMessage: expect.stringMatching(/\S/) as unknown });
    }
    await gateway.patchSettings({ passwords: { preventPathTraversal: true } });
    expect((await call({})).status).toBe(200);
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R42: with passwords enabled a wrong one is not tried by the upstream', async () => {
    expect((await call({ headers: [basic('alice', 'wrong password')] })).status).toBe(401);
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R07: HEAD answers as GET without a body, an unknown method and an unknown path are refused', async () => {
    const head = await call({ method: 'HEAD' });
    expect([head.status, head.body.length]).toEqual([200, 0]);
    expect((await call({ method: 'PUT', body: {} })).status).toBe(405);
    const nowhere = await call({ path: '/elsewhere' });
    expect(nowhere.status).toBe(404);
    expect(nowhere.json()).toMatchObject({ code: 'not_found', errorMessage: expect.stringMatching(/\S/) as unknown });
    expect((await call({ method: 'DELETE', path: '/token/0x1' })).status).toBe(404);
    expect((await call({ method: 'DELETE', path: '/token/99999999999' })).status).toBe(404);
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R07: scripts announce JSON with a DELETE and a GET that have no body', async () => {
    const { id } = await create();
    expect((await call({ headers: [asAlice, JSON_LINE] })).status).toBe(200);
    const answer = await call({ method: 'DELETE', path: `/token/${id}`, headers: [asAlice, JSON_LINE] });
    expect([answer.status, answer.text()]).toEqual([200, 'true']);
  });

  it('R63: the calls exist only below a mount: not on the management port, and they reach no upstream', async () => {
    expect((await call({ headers: [asAlice], port: gateway.managementPort })).status).toBe(404);
    for (const port of [gateway.port, gateway.managementPort]) {
      const answer = await request({ port, target: '/vendor-tokens/token', headers: [asAlice] });
      expect(answer.status).toBe(404);
    }
    const hosted = await call({ mount: '', headers: [['Host', 'jira.test'], asAlice] });
    expect(hosted.status).toBe(200);
    const created = await call({
      mount: '',
      method: 'POST',
      headers: [['Host', 'jira.test'], asAlice],
      body: { tokenDescription: 'by the host' },
    });
    expect(created.status).toBe(200);
  });

  it('R55, R59: creating, describing and deleting are recorded, with what changed', async () => {
    const { id } = await create({ tokenDescription: 'recorded' });
    await call({ method: 'PATCH', path: `/token/${id}`, body: { tokenDescription: 'recorded anew' } });
    await call({ method: 'DELETE', path: `/token/${id}` });
    const [asked] = await gateway.events({ user: 'alice', type: 'login.succeeded', q: `token/${id}` });
    expect(asked).toMatchObject({
      path: `${TOKENS}/token/${id}`,
      method: 'DELETE',
      credential: 'password',
      status: 200,
    });
    const events = await gateway.events({ user: 'alice', outcome: 'changed', q: 'recorded' });
    expect(events.map(({ type, actor }) => [type, actor])).toEqual([
      ['token.revoked', 'alice'],
      ['token.changed', 'alice'],
      ['token.created', 'alice'],
    ]);
  });

  it('R31, R51: a token shows its last use, and is a 401 once deleted', async () => {
    const created = await create();
    const use = (): Promise<RawAnswer> =>
      request({
        port: gateway.port,
        target: '/jira/rest/api/2/myself',
        headers: [basic('alice', created.plainTextToken)],
      });
    expect((await use()).status).toBe(200);
    await gateway.events({});
    const listed = (await list()).find(({ id }) => id === created.id);
    expect(listed?.lastAccessed).toBeGreaterThanOrEqual(listed?.created ?? Infinity);
    expect(Number.isInteger(listed?.lastAccessed)).toBe(true);
    await call({ method: 'DELETE', path: `/token/${created.id}` });
    const after = await use();
    expect([after.status, after.json<{ code: string }>().code]).toEqual([401, 'token_revoked']);
    expect(upstream.requests).toHaveLength(1);
  });
});

describe('a script written for the app', () => {
  it('R02, R05: works when only the host changes', async () => {
    const jira = await startJiraUpstream({ passwords: { [alice.username]: alice.password } });
    try {
      await gateway.createApplication({ key: 'script', upstream: jira.url, mount: { pathPrefix: '/script' } });
      // One line a step, as such scripts are written: make a token, use it, and take it away again.
      const script = `
        set -eu
        made=$(curl -s -f -u "$WHO:$PASSWORD" -X POST -H 'Content-Type: application/json' \\
          --data '{"tokenDescription":"from a script","tokenScope":1,"tokenValidityTimeInMonths":6}' \\
          "$JIRA/rest/de.resolution.apitokenauth/latest/user/token")
        token=$(printf %s "$made" | sed 's/.*"plainTextToken":"\\([^"]*\\)".*/\\1/')
        id=$(printf %s "$made" | sed 's/.*"id":\\([0-9]*\\).*/\\1/')
        curl -s -f -u "$WHO:$token" "$JIRA/rest/api/2/myself"
        echo
        curl -s -o /dev/null -w '%{http_code}\\n' -u "$WHO:$token" -X POST -H 'Content-Type: application/json' \\
          --data '{"fields":{}}' "$JIRA/rest/api/2/issue"
        curl -s -f -u "$WHO:$token" "$JIRA/rest/de.resolution.apitokenauth/latest/user/token/" | grep -c from.a.script
        curl -s -f -u "$WHO:$PASSWORD" -X DELETE "$JIRA/rest/de.resolution.apitokenauth/latest/user/token/$id"
        echo
        curl -s -o /dev/null -w '%{http_code}\\n' -u "$WHO:$token" "$JIRA/rest/api/2/myself"
      `;
      const { stdout } = await promisify(execFile)('bash', ['-c', script], {
        env: {
          PATH: process.env['PATH'],
          WHO: alice.username,
          PASSWORD: alice.password,
          JIRA: `${gateway.url}/script`,
        },
      });
      const [myself, created, listed, deleted, after] = stdout.trim().split('\n');
      expect(JSON.parse(myself ?? '')).toMatchObject({ name: 'alice' });
      expect([created, listed, deleted, after]).toEqual(['403', '1', 'true', '401']);
      expect(jira.requests.map(({ method }) => method)).toEqual(['GET']);
      expect(jira.failedLogins).toBe(0);
    } finally {
      await jira.stop();
    }
  });

  it('R07: a read-write token of a script writes in the name of its owner, with passwords disabled as well', async () => {
    await gateway.patchSettings({ passwords: { enabled: false } });
    const token: Created = await create({ tokenScope: 2 }, { mount: '/confluence' });
    const answer = await request({
      port: gateway.port,
      method: 'POST',
      target: '/confluence/rest/api/content',
      headers: [basic('alice', token.plainTextToken), JSON_LINE],
      body: '{"type":"page"}',
    });
    expect(answer.status).toBe(200);
    expect(upstream.lastRequest?.header('x-forwarded-user')).toBe('alice');
    expect(upstream.lastRequest?.body.toString()).toBe('{"type":"page"}');
  });

  it('R33, R34: a token is held to the allow list here too, and a password is not', async () => {
    const token: TestToken = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    await gateway.patchSettings({ ipRestriction: { allowList: ['192.0.2.1'] } });
    const refused = await call({ headers: [bearer(token.secret)] });
    expect([refused.status, refused.json<{ code: string }>().code]).toEqual([401, 'ip_not_allowed']);
    expect(refused.json<{ errorMessage: string }>().errorMessage).toContain('127.0.0.1');
    expect((await call({})).status).toBe(200);
  });
});
