import { DataSource } from 'typeorm';
import { expect, it, onTestFinished } from 'vitest';
import { DepositEntity } from '../../src/identity/deposit.entity.js';
import type { ApiAnswer, ApiClient } from '../support/api.client.js';
import { describeOnEachDatabase, unique } from '../support/each-database.js';
import { expectProblem } from '../support/expect-problem.js';
import { startRecordingUpstream, type RecordingUpstream, type Respond } from '../support/recording-upstream.js';
import type { ScopegateFixture, TestUser } from '../support/scopegate.fixture.js';

type Deposit = {
  readonly application: string;
  readonly username: string;
  readonly type: string;
  readonly upstreamAccount: string;
  readonly hint: string;
  readonly state: string;
  readonly depositedAt: string;
  readonly checkedAt: string;
  readonly lastUsedAt: string | null;
};

type Page = { readonly items: readonly Deposit[]; readonly nextCursor: string | null };

const SECRET = 'Zx9-a-personal-access-token-7Qa1';
const BEARER = { type: 'bearer', secret: SECRET };
const PER_USER = { mode: 'credential', perUser: true };

/** As Jira: the accounts by the Authorization lines that it accepts. */
function jiraWith(accounts: Readonly<Record<string, string>>): Respond {
  return (request) => {
    const account = accounts[request.header('authorization') ?? ''];
    return account === undefined ? { status: 401, body: '{}' } : { body: JSON.stringify({ name: account }) };
  };
}

const basicLine = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

async function startUpstream(respond: Respond): Promise<RecordingUpstream> {
  const upstream = await startRecordingUpstream({ respond });
  onTestFinished(() => upstream.stop());
  return upstream;
}

type World = {
  readonly user: TestUser;
  readonly own: ApiClient;
  readonly key: string;
  readonly upstream: RecordingUpstream;
};

describeOnEachDatabase('deposits', (server) => {
  /** A user with the account of the same name in a Jira, which accepts SECRET for it. */
  const prepare = async (application: object = {}): Promise<World> => {
    const user = await server().createUser({ username: unique('User') });
    const upstream = await startUpstream(jiraWith({ [`Bearer ${SECRET}`]: user.username.toLowerCase() }));
    const key = unique('jira');
    await server().createApplication({
      key,
      mount: { pathPrefix: `/${key}` },
      upstream: `${upstream.url}/base`,
      identity: PER_USER,
      ...application,
    });
    return { user, own: server().as({ user: user.username, password: user.password }), key, upstream };
  };
  const put = (own: ApiClient, key: string, body: unknown = BEARER): Promise<ApiAnswer<Deposit>> =>
    own.put<Deposit>(`/me/credentials/${key}`, body);
  const check = (own: ApiClient, key: string): Promise<ApiAnswer<Deposit>> =>
    own.post<Deposit>(`/me/credentials/${key}/check`);
  const list = async (own: ApiClient): Promise<readonly Deposit[]> =>
    (await own.get<Page>('/me/credentials')).body.items;
  const rows = (gateway: ScopegateFixture) => gateway.app.get(DataSource).getRepository(DepositEntity);

  it('R68, R69: a credential is tried, stored encrypted, and shown without its secret', async () => {
    const { user, own, key, upstream } = await prepare();
    const answer = await put(own, key);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        application: key,
        username: user.username,
        type: 'bearer',
        upstreamAccount: user.username.toLowerCase(),
        hint: '…7Qa1',
        state: 'working',
        lastUsedAt: null,
      },
    });
    expect(upstream.requests).toHaveLength(1);
    const [request] = upstream.requests;
    expect([request?.method, request?.target, request?.headerValues('authorization')]).toEqual([
      'GET',
      '/base/rest/api/2/myself',
      [`Bearer ${SECRET}`],
    ]);
    expect(request?.header('cookie')).toBeUndefined();
    expect(await list(own)).toEqual([answer.body]);
    expect((await server().admin.get<Page>(`/applications/${key}/credentials`)).body).toEqual({
      items: [answer.body],
      nextCursor: null,
    });
    expect(JSON.stringify(answer.body)).not.toContain(SECRET);
    expect(JSON.stringify(await rows(server()).findBy({ application: key }))).not.toContain(SECRET);
    const events = await server().events({ application: key, type: 'deposit.created' });
    expect(events).toMatchObject([{ actor: user.username, owner: user.username, outcome: 'changed' }]);
    expect(JSON.stringify(events)).not.toMatch(/7Qa1|v[12]\./);
  });

  it('R68: a user name with a password is sent as Basic, by default with the own account', async () => {
    const { user, own, key, upstream } = await prepare();
    const password = 'pässword: 1';
    upstream.respondWith(
      jiraWith({
        [basicLine('mail@example.com', password)]: user.username,
        [basicLine(user.username, password)]: user.username,
      }),
    );
    const answer = await put(own, key, { type: 'basic', username: 'mail@example.com', secret: password });
    expect(answer).toMatchObject({ status: 200, body: { type: 'basic', hint: '…', state: 'working' } });
    expect(await put(own, key, { type: 'basic', secret: password })).toMatchObject({ status: 200 });
    expect(await list(own)).toHaveLength(1);
    expect(JSON.stringify(await list(own))).not.toContain('mail@example.com');
  });

  it('R68: a credential of another account is refused with its name, and nothing is stored', async () => {
    const { own, key, upstream } = await prepare();
    upstream.respondWith(jiraWith({ [`Bearer ${SECRET}`]: 'mallory' }));
    expect(expectProblem(await put(own, key), 422, 'upstream_account_mismatch').detail).toContain('"mallory"');
    expect(await list(own)).toEqual([]);
  });

  it('R68: an administrator can say that an account differs from the user name', async () => {
    const { user, own, key, upstream } = await prepare();
    upstream.respondWith(jiraWith({ [`Bearer ${SECRET}`]: 'A.Smith' }));
    const accounts = { [user.username.toUpperCase()]: 'a.smith' };
    const changed = await server().admin.patch(`/applications/${key}`, { identity: { accounts } });
    expect(changed.status).toBe(200);
    expect(await put(own, key)).toMatchObject({ status: 200, body: { upstreamAccount: 'A.Smith', state: 'working' } });
    // Without the mapping it is the account of another person.
    await server().admin.patch(`/applications/${key}`, {
      identity: { accounts: { [user.username.toUpperCase()]: null } },
    });
    expect(await list(own)).toMatchObject([{ state: 'unchecked' }]);
    expectProblem(await check(own, key), 422, 'upstream_account_mismatch');
  });

  it.each([
    ['refuses it', { status: 401, body: '' }, 422, 'upstream_account_mismatch'],
    ['forbids it', { status: 403, body: '' }, 422, 'upstream_account_mismatch'],
    ['sees nobody', { body: '{}' }, 422, 'upstream_account_mismatch'],
    [
      'sends to its login',
      { status: 302, body: '', headers: [['Location', '/login']] },
      422,
      'upstream_account_mismatch',
    ],
    ['has no such call', { status: 404, body: 'a page' }, 502, 'upstream_unreachable'],
    ['is broken', { status: 503, body: 'a page' }, 502, 'upstream_unreachable'],
    ['answers with a page', { body: '<html>a page</html>' }, 502, 'upstream_unreachable'],
    ['answers without an end', { body: `{"name":"${'x'.repeat(100_000)}"}` }, 502, 'upstream_unreachable'],
  ] as const)('R68: nothing is stored if the application %s', async (_what, answer, status, code) => {
    const { own, key, upstream } = await prepare();
    upstream.respondWith(() => answer);
    const { detail } = expectProblem(await put(own, key), status, code);
    expect(detail).not.toMatch(/a page|xxxx|7Qa1/);
    expect(await list(own)).toEqual([]);
    expect(upstream.requests).toHaveLength(1);
  });

  it('R68: nothing is stored if the application is away', async () => {
    const { own, key, upstream } = await prepare();
    await upstream.stop();
    expectProblem(await put(own, key), 502, 'upstream_unreachable');
    expect(await list(own)).toEqual([]);
  });

  it('R68: an application that takes no deposit is a 409, an unknown one a 404', async () => {
    const { own, upstream } = await prepare();
    const headers = await server().createApplication({ upstream: upstream.url, mount: { pathPrefix: '/h' } });
    const generic = await server().createApplication({
      kind: 'generic',
      upstream: upstream.url,
      mount: { pathPrefix: '/g' },
      identity: PER_USER,
    });
    for (const key of [headers, generic]) {
      expectProblem(await put(own, key), 409, 'conflict');
      expectProblem(await check(own, key), 409, 'conflict');
      await server().admin.delete(`/applications/${key}`);
    }
    expectProblem(await put(own, 'unknown'), 404, 'not_found');
    expect(upstream.requests).toEqual([]);
  });

  it.each([
    ['a type of another place', { type: 'header', secret: 'x' }],
    ['no secret', { type: 'bearer' }],
    ['an empty secret', { type: 'bearer', secret: '' }],
    ['a secret over 4 KiB', { type: 'bearer', secret: 'x'.repeat(4097) }],
    ['a secret over 4 KiB in bytes', { type: 'basic', secret: 'ä'.repeat(2049) }],
    ['a line break', { type: 'bearer', secret: 'abc\r\nX-Other: 1' }],
    ['a line break in a password', { type: 'basic', secret: 'abc\nabc' }],
    ['a colon in the user name', { type: 'basic', username: 'a:b', secret: 'abc' }],
    ['a user name without Basic', { type: 'bearer', username: 'a', secret: 'abc' }],
    ['an unknown member', { ...BEARER, owner: 'admin' }],
  ])('R68: %s is a 400, and nothing is sent', async (_what, body) => {
    const { own, key, upstream } = await prepare();
    const problem = expectProblem(await put(own, key, body), 400, 'validation_failed');
    expect(JSON.stringify(problem)).not.toMatch(/X-Other|xxxx|ääää/);
    expect(upstream.requests).toEqual([]);
  });

  it('R68: only a login with the password stores or removes a deposit, and only one’s own', async () => {
    const { user, own, key, upstream } = await prepare();
    const token = await server().createToken({ scope: 'read-write', owner: user.username });
    for (const caller of [
      server().as({ bearer: token.secret }),
      server().as({ user: user.username, token: token.secret }),
    ]) {
      expectProblem(await put(caller, key), 403, 'scope_insufficient');
    }
    expect(upstream.requests).toEqual([]);
    await put(own, key);
    const asToken = server().as({ bearer: token.secret });
    expectProblem(await check(asToken, key), 403, 'scope_insufficient');
    expectProblem(await asToken.delete(`/me/credentials/${key}`), 403, 'scope_insufficient');
    expect(await list(asToken)).toHaveLength(1);
    // An administrator sees and removes it, and stores none for another user.
    expectProblem(await put(server().admin, key), 422, 'upstream_account_mismatch');
    expectProblem(await own.get(`/applications/${key}/credentials`), 403, 'administrator_required');
    expectProblem(await own.delete(`/applications/${key}/credentials/${user.username}`), 403, 'administrator_required');
    expectProblem(
      await server().admin.put(`/applications/${key}/credentials/${user.username}`, BEARER),
      405,
      'method_not_allowed',
    );
    const path = `/applications/${key}/credentials/${user.username.toUpperCase()}`;
    expect((await server().admin.delete(path)).status).toBe(204);
    expectProblem(await server().admin.delete(path), 404, 'not_found');
    expect(await list(own)).toEqual([]);
    const [deleted] = await server().events({ application: key, type: 'deposit.deleted' });
    expect(deleted).toMatchObject({ actor: 'admin', owner: user.username });
  });

  it('R68: a sealed text in the row of another user, application or address opens nothing', async () => {
    const { own, key, upstream } = await prepare();
    await put(own, key);
    const other = await prepare();
    await put(other.own, other.key);
    const [stolen] = await rows(server()).findBy({ application: key });
    await rows(server()).update({ application: other.key }, { sealed: stolen?.sealed ?? '' });
    upstream.clear();
    other.upstream.clear();
    expectProblem(await check(other.own, other.key), 409, 'conflict');
    // The row of the same user, with the address of another upstream.
    await rows(server()).update({ application: key }, { endpoint: other.upstream.url });
    expectProblem(await check(own, key), 409, 'conflict');
    expect([...upstream.requests, ...other.upstream.requests]).toEqual([]);
  });

  it('R68, R115: the trial has the Host line that the application expects', async () => {
    const { user, own, key, upstream } = await prepare({ host: 'jira.example.com:8443' });
    expect((await put(own, key)).status).toBe(200);
    expect(upstream.lastRequest?.headerValues('host')).toEqual(['jira.example.com:8443']);
    upstream.clear();
    await server().admin.post(`/applications/${key}/check`, { username: user.username });
    const asked = upstream.requests.filter(({ target }) => target.endsWith('/myself'));
    expect(asked.map((request) => request.headerValues('host'))).toEqual([['jira.example.com:8443']]);
    expectProblem(await server().admin.patch(`/applications/${key}`, { host: 'client' }), 400, 'validation_failed');
    const mount = { host: `${key}.example.com` };
    expect((await server().admin.patch(`/applications/${key}`, { host: 'client', mount })).status).toBe(200);
    await check(own, key);
    expect(upstream.lastRequest?.headerValues('host')).toEqual([new URL(upstream.url).host]);
  });

  it('R69: another address of the application makes it unchecked, until its owner has it tried there', async () => {
    const { own, key, upstream } = await prepare();
    await put(own, key);
    const accept = jiraWith({ [`Bearer ${SECRET}`]: (await list(own))[0]?.upstreamAccount ?? '' });
    const next = await startUpstream(accept);
    // Another path of the same address changes nothing.
    await server().admin.patch(`/applications/${key}`, { upstream: `${upstream.url}/other` });
    expect(await list(own)).toMatchObject([{ state: 'working' }]);
    await server().admin.patch(`/applications/${key}`, { upstream: next.url });
    expect(await list(own)).toMatchObject([{ state: 'unchecked' }]);
    expect(next.requests.map((request) => request.header('authorization'))).not.toContain(`Bearer ${SECRET}`);
    expect(await check(own, key)).toMatchObject({ status: 200, body: { state: 'working' } });
    expect(next.lastRequest?.header('authorization')).toBe(`Bearer ${SECRET}`);
    // It belongs to the new address now.
    await server().admin.patch(`/applications/${key}`, { upstream: upstream.url });
    expect(await list(own)).toMatchObject([{ state: 'unchecked' }]);
  });

  it('R69: a check shows that the application refuses it, and that it accepts it again', async () => {
    const { user, own, key, upstream } = await prepare();
    const { body: stored } = await put(own, key);
    upstream.respondWith(() => ({ status: 401, body: '' }));
    expect(await check(own, key)).toMatchObject({ status: 200, body: { state: 'rejected' } });
    expect(await list(own)).toMatchObject([{ state: 'rejected', depositedAt: stored.depositedAt }]);
    await upstream.stop();
    expectProblem(await check(own, key), 502, 'upstream_unreachable');
    expect(await list(own)).toMatchObject([{ state: 'rejected' }]);
    const again = await startUpstream(jiraWith({ [`Bearer ${SECRET}`]: user.username }));
    await server().admin.patch(`/applications/${key}`, { upstream: again.url });
    expect(await check(own, key)).toMatchObject({ status: 200, body: { state: 'working' } });
    expectProblem(await check(own, 'unknown'), 404, 'not_found');
  });

  it('R68: an application that changes during the trial gets no deposit', async () => {
    const { user, own, key, upstream } = await prepare();
    let release = (): void => undefined;
    upstream.respondWith(async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return { body: JSON.stringify({ name: user.username }) };
    });
    const answer = put(own, key);
    await upstream.waitForRequests(1);
    // The user has one trial at a time.
    expectProblem(await put(own, key), 409, 'conflict');
    const elsewhere = await startUpstream(jiraWith({}));
    await server().admin.patch(`/applications/${key}`, { upstream: elsewhere.url });
    release();
    expectProblem(await answer, 409, 'conflict');
    expect(await list(own)).toEqual([]);
  });

  it('R68: a trial is no way to guess passwords: after some failures it is refused for a while', async () => {
    const { user, own, key, upstream } = await prepare();
    upstream.respondWith(jiraWith({ [basicLine('victim', 'right')]: 'victim', [`Bearer ${SECRET}`]: user.username }));
    await server().patchSettings({ throttling: { maxFailures: 3, windowSeconds: 60 } });
    try {
      for (const secret of ['wrong', 'right', 'wrong again']) {
        expectProblem(
          await put(own, key, { type: 'basic', username: 'victim', secret }),
          422,
          'upstream_account_mismatch',
        );
      }
      const refused = await put(own, key);
      expectProblem(refused, 429, 'too_many_failures');
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(upstream.requests).toHaveLength(3);
    } finally {
      await server().patchSettings({ throttling: { maxFailures: 0 } });
    }
    expect((await put(own, key)).status).toBe(200);
  });

  it('R69: the lists have pages', async () => {
    const { user, own, key, upstream } = await prepare();
    await put(own, key);
    const second = unique('a-jira');
    const application = { upstream: upstream.url, identity: PER_USER, mount: { pathPrefix: `/${second}` } };
    await server().createApplication({ ...application, key: second });
    await put(own, second);
    const other = await server().createUser({ username: unique('Another') });
    upstream.respondWith(jiraWith({ [`Bearer ${SECRET}`]: other.username }));
    await put(server().as({ user: other.username, password: other.password }), key);
    for (const [path, caller, expected] of [
      ['/me/credentials', own, [second, key].sort()],
      [`/applications/${key}/credentials`, server().admin, [other.username, user.username]],
    ] as const) {
      const seen: string[] = [];
      for (let cursor = ''; ;) {
        const { body } = await caller.get<Page>(`${path}?limit=1${cursor}`);
        seen.push(...body.items.map((item) => (path.startsWith('/me') ? item.application : item.username)));
        if (body.nextCursor === null) break;
        cursor = `&cursor=${body.nextCursor}`;
      }
      expect(seen).toEqual(expected);
      expectProblem(await caller.get(`${path}?cursor=abc`), 400, 'validation_failed');
    }
    expectProblem(await server().admin.get('/applications/unknown/credentials'), 404, 'not_found');
  });

  it('R68: a deposit ends with its application, and with its user', async () => {
    const { own, key, upstream } = await prepare();
    await put(own, key);
    await server().admin.delete(`/applications/${key}`);
    const application = { key, upstream: upstream.url, identity: PER_USER, mount: { pathPrefix: `/${key}` } };
    await server().createApplication(application);
    expect(await list(own)).toEqual([]);
    const { user, own: ofUser, key: another } = await prepare();
    await put(ofUser, another);
    await server().admin.delete(`/users/${user.username}`);
    expect(await rows(server()).countBy({ application: another })).toBe(0);
    await server().createUser({ username: user.username, password: user.password });
    expect(await list(ofUser)).toEqual([]);
    expect(await server().events({ application: another, type: 'deposit.deleted' })).toHaveLength(1);
  });

  it('R68: a user who is deleted during the trial leaves no deposit behind', async () => {
    const { user, own, key, upstream } = await prepare();
    upstream.respondWith(async () => {
      await server().admin.delete(`/users/${user.username}`);
      return { body: JSON.stringify({ name: user.username }) };
    });
    expectProblem(await put(own, key), 409, 'conflict');
    expect(await rows(server()).countBy({ application: key })).toBe(0);
  });
});
