import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ApiClient } from '../support/api.client.js';
import { eventOf, storeEvents } from '../support/audit-events.js';
import { describeOnEachDatabase, restoreRules, unique } from '../support/each-database.js';
import { expectProblem } from '../support/expect-problem.js';
import { request } from '../support/raw-client.js';
import { startRecordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import { basic, bearer, type ScopegateFixture, type TestToken, type TestUser } from '../support/scopegate.fixture.js';

type Own = { readonly requestId: string; readonly code: string | null; readonly [member: string]: unknown };
type Page = { readonly items: readonly Own[]; readonly nextCursor: string | null };
type Explained = Own & { readonly stages: readonly { readonly stage: string; readonly outcome: string }[] };

describeOnEachDatabase('the requests of a user', (server: () => ScopegateFixture) => {
  let upstream: RecordingUpstream;
  let anna: TestUser;
  let bert: TestUser;
  let annasToken: TestToken;
  let bertsToken: TestToken;
  let application: string;

  const login = ({ username, password }: TestUser): ApiClient => server().as({ user: username, password });
  const send = async (
    header: readonly [string, string],
    method = 'GET',
    path = '/rest/api/2/issue',
  ): Promise<string> => {
    const requestId = unique('request');
    const target = `/own${path}`;
    await request({ port: server().port, method, target, headers: [header, ['X-Request-Id', requestId]] });
    return requestId;
  };
  const list = async (as: ApiClient, query: Readonly<Record<string, string>> = {}): Promise<readonly Own[]> => {
    const answer = await as.get<Page>(`/me/requests?${new URLSearchParams({ limit: '200', ...query }).toString()}`);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    return answer.body.items;
  };
  const ids = async (as: ApiClient, query: Readonly<Record<string, string>> = {}): Promise<readonly string[]> =>
    (await list(as, query)).map(({ requestId }) => requestId);

  beforeAll(async () => {
    upstream = await startRecordingUpstream();
    await restoreRules(server());
    anna = await server().createUser({ username: unique('Anna') });
    bert = await server().createUser({ username: unique('bert') });
    annasToken = await server().createToken({ scope: 'read-only', owner: anna.username });
    bertsToken = await server().createToken({ scope: 'read-write', owner: bert.username });
    application = await server().createApplication({
      key: unique('own'),
      upstream: upstream.url,
      mount: { pathPrefix: '/own' },
    });
  });

  afterAll(() => upstream.stop());

  it('R101: a change has its type, for it has no method and no path', async () => {
    const { body } = await login(anna).post<{ id: string }>('/tokens', { description: 'short', scope: 'read-only' });
    await server().admin.delete(`/tokens/${body.id}`);
    const changes = (await list(login(anna))).filter(({ tokenId }) => tokenId === body.id);
    expect(changes.map(({ type, method, outcome }) => [type, method, outcome])).toEqual([
      ['token.revoked', null, 'changed'],
      ['token.created', null, 'changed'],
    ]);
  });

  it('R101: a user sees own requests alone, newest first, with what the client was told', async () => {
    const read = await send(bearer(annasToken.secret));
    const written = await send(bearer(annasToken.secret), 'POST');
    const others = await send(bearer(bertsToken.secret), 'POST');
    const own = await list(login(anna), { application });
    expect(own.map(({ requestId }) => requestId)).toEqual([written, read]);
    expect(own[0]).toMatchObject({
      code: 'scope_insufficient',
      outcome: 'denied',
      status: 403,
      method: 'POST',
      path: '/rest/api/2/issue',
      application,
      tokenId: annasToken.id,
      title: expect.stringMatching(/scope/) as string,
    });
    expect(own[1]).toMatchObject({ code: null, outcome: 'allowed', status: 200 });
    expect(await ids(login(bert), { application })).toEqual([others]);
    // A token sees what its owner sees.
    expect(await ids(server().as({ bearer: annasToken.secret }), { application })).toEqual([written, read]);
    // Logins at Scopegate count, and nobody sees those of others.
    const logins = await list(login(anna), { outcome: 'allowed' });
    expect(logins.some((one) => one['credential'] === 'password' && one['application'] === null)).toBe(true);
  });

  it('R101: no filter, cursor or id leads to the requests of somebody else', async () => {
    const berts = await send(bearer(bertsToken.secret), 'POST');
    const as = login(anna);
    expect(await ids(as, { tokenId: bertsToken.id })).toEqual([]);
    expect(await ids(as, { q: 'issue', from: '2020-01-01T00:00:00Z' })).not.toContain(berts);
    for (const query of ['user=bert', `user=${bert.username}`, 'type=login.failed', 'clientIp=127.0.0.1', 'owner=x']) {
      expectProblem(await as.get(`/me/requests?${query}`), 400, 'validation_failed');
    }
    expectProblem(await as.get(`/requests/${berts}`), 404, 'not_found');
    expectProblem(await as.get('/requests/not-there'), 404, 'not_found');
    const foreign = await login(bert).get<Page>('/me/requests?limit=1');
    const cursor = foreign.body.nextCursor ?? '';
    const page = await as.get<Page>(`/me/requests?limit=200&cursor=${encodeURIComponent(cursor)}`);
    expect(page.status).toBe(200);
    expect(page.body.items.map(({ requestId }) => requestId)).not.toContain(berts);
    expect(page.body.items.every(({ tokenId }) => tokenId !== bertsToken.id)).toBe(true);
    const ofTokens = await server().admin.get<Page>('/tokens?limit=1');
    const wrong = ofTokens.body.nextCursor ?? 'WzFd';
    expectProblem(await as.get(`/me/requests?cursor=${encodeURIComponent(wrong)}`), 400, 'validation_failed');
  });

  it('R101: who only names a user, without a proven credential, gets into nobody’s list', async () => {
    const before = await ids(login(anna), { application });
    const planted = [
      await send(basic(anna.username, `sg_${'a'.repeat(12)}_${'b'.repeat(40)}_cccccc`)),
      await send(basic(anna.username, 'wrong')),
      await send(basic(anna.username, annasToken.secret.replace(/.{6}$/, 'cccccc'))),
      // A foreign token beside the name is its owner's request.
      await send(basic(anna.username, bertsToken.secret)),
      await send(basic(anna.username, 'wrong'), 'GET', '/rest/../secret'),
    ];
    await login({ ...anna, password: 'not the password' }).get('/me');
    expect(await ids(login(anna), { application })).toEqual(before);
    for (const requestId of planted) expectProblem(await login(anna).get(`/requests/${requestId}`), 404, 'not_found');
    const failed = await list(login(anna), { outcome: 'failed' });
    expect(failed.filter(({ credential }) => credential === 'password')).toEqual([]);

    // The reason that the answer hid stays hidden from the owner of the token, under every name of the filter.
    const mismatch = planted[3] ?? '';
    const explained = (await login(bert).get<Explained>(`/requests/${mismatch}`)).body;
    expect(explained.code).toBe('credential_invalid');
    expect(JSON.stringify(explained)).not.toContain('owner_mismatch');
    expect(explained).not.toHaveProperty('trueCode');
    expect(await ids(login(bert), { code: 'credential_invalid' })).toContain(mismatch);
    expect(await ids(login(bert), { code: 'owner_mismatch' })).toEqual([]);
    const truth = (await server().admin.get<Explained>(`/requests/${mismatch}`)).body;
    expect(truth).toMatchObject({
      code: 'credential_invalid',
      trueCode: 'owner_mismatch',
      actor: anna.username,
      owner: bert.username,
    });
  });

  it('R101: a refusal is explained by its id: the stages in their order, why, and what to do', async () => {
    const requestId = await send(bearer(annasToken.secret), 'DELETE');
    const { status, body } = await login(anna).get<Explained>(`/requests/${requestId}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ requestId, code: 'scope_insufficient', method: 'DELETE', application, status: 403 });
    expect(body['explanation']).toMatch(/read-only/);
    expect(body['advice']).toMatch(/read-write/);
    const stages = body.stages.map(({ stage, outcome }) => `${stage} ${outcome}`);
    expect(stages.slice(0, 2)).toEqual(['form passed', 'path passed']);
    expect(stages.slice(-4)).toEqual([
      'permission passed',
      'scope refused',
      'destination not-reached',
      'upstream-credential not-reached',
    ]);
    const unknown = await send(bearer(`sg_${'a'.repeat(12)}_${'b'.repeat(40)}_cccccc`));
    const truth = (await server().admin.get<Explained>(`/requests/${unknown}`)).body;
    expect(truth).toMatchObject({ code: 'credential_invalid', trueCode: 'token_malformed', actor: null, owner: null });
  });

  it('R97, R101: a renamed user keeps own requests, and a later user of the name gets none of them', async () => {
    const first = await server().createUser({ username: unique('first') });
    const token = await server().createToken({ scope: 'read-only', owner: first.username });
    const before = await send(bearer(token.secret));
    const renamed = { ...first, username: unique('renamed') };
    expect((await server().admin.post(`/users/${first.username}/rename`, { username: renamed.username })).status).toBe(
      200,
    );
    const after = await send(bearer(token.secret));
    expect(await ids(login(renamed), { application })).toEqual([after, before]);
    const second = await server().createUser({ username: first.username });
    expect(await ids(login(second), { application })).toEqual([]);
    expectProblem(await login(second).get(`/requests/${before}`), 404, 'not_found');
    expect((await login(renamed).get(`/requests/${before}`)).status).toBe(200);
  });

  it('R26, R101: a new user with the name of a deleted one sees nothing of it', async () => {
    const gone = await server().createUser({ username: unique('gone') });
    const token = await server().createToken({ scope: 'read-only', owner: gone.username });
    const requestId = await send(bearer(token.secret));
    expect(await ids(login(gone), { application })).toEqual([requestId]);
    expect((await server().admin.delete(`/users/${gone.username}`)).status).toBe(204);
    const heir = await server().createUser({ username: gone.username });
    expect(await ids(login(heir), { application })).toEqual([]);
    expectProblem(await login(heir).get(`/requests/${requestId}`), 404, 'not_found');
  });

  it('R101: an id that others have used, too, leads to the own request', async () => {
    const requestId = unique('shared');
    const own = { requestId, actor: anna.username, owner: anna.username, atMs: Date.now() - 500 };
    await storeEvents(server(), [
      eventOf({ ...own, path: '/mine' }),
      eventOf({ ...own, path: '/mine', type: 'connection.ended', atMs: Date.now() - 400 }),
      eventOf({ ...own, actor: 'somebody', owner: 'somebody', path: '/theirs', atMs: Date.now() - 300 }),
      eventOf({
        ...own,
        owner: null,
        type: 'permission.denied',
        outcome: 'denied',
        code: 'path_blocked',
        atMs: Date.now() - 200,
      }),
      eventOf({ ...own, type: 'token.revoked', outcome: 'changed', atMs: Date.now() - 100 }),
    ]);
    const { body } = await login(anna).get<Explained>(`/requests/${requestId}`);
    expect(body).toMatchObject({ path: '/mine', code: null, outcome: 'allowed' });
    expect((await server().admin.get<Explained>(`/requests/${requestId}`)).body).toMatchObject({
      trueCode: 'path_blocked',
    });
  });
});
