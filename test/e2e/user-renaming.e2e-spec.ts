import { DataSource } from 'typeorm';
import { expect, it, onTestFinished } from 'vitest';
import { SYSTEM_ACTOR } from '../../src/audit/actor.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { DeletionsService } from '../../src/directory/deletions.service.js';
import { UserEntity } from '../../src/directory/user.entity.js';
import { TokenEntity } from '../../src/tokens/token.entity.js';
import type { ApiAnswer } from '../support/api.client.js';
import { depositOf, deposit } from '../support/deposits.js';
import { describeOnEachDatabase, unique } from '../support/each-database.js';
import { expectProblem } from '../support/expect-problem.js';
import { startRecordingUpstream } from '../support/recording-upstream.js';
import type { ScopegateFixture } from '../support/scopegate.fixture.js';

type Listed = {
  readonly items: readonly { readonly id: string; readonly owner: string; readonly createdBy: string }[];
};

const SECRET = 'Zx9-a-personal-access-token-7Qa1';

describeOnEachDatabase('a new name of a user', (server: () => ScopegateFixture) => {
  const rename = (from: string, to: string): Promise<ApiAnswer<{ readonly username: string }>> =>
    server().admin.post(`/users/${encodeURIComponent(from)}/rename`, { username: to });
  const tokensOf = async (owner: string): Promise<Listed['items']> =>
    (await server().admin.get<Listed>(`/tokens?owner=${owner}`)).body.items;
  const eventsOf = (user: string) => server().events({ user, limit: '200' });
  const statusAs = async (credential: Parameters<ScopegateFixture['as']>[0]): Promise<number> =>
    (await server().as(credential).get('/me')).status;

  it('R97: keeps password, groups and tokens, and the old name ends', async () => {
    const group = await server().createGroup(unique('group'));
    const { username, password } = await server().createUser({ username: unique('Old'), groups: [group] });
    const own = await server()
      .as({ user: username, password })
      .post<{ readonly secret: string; readonly id: string }>('/tokens', {
        description: 'own',
        scope: 'read-only',
      });
    const { secret, id } = own.body;
    // In memory under the old name.
    expect(await statusAs({ user: username, token: secret })).toBe(200);
    const next = unique('New');
    const answer = await rename(username.toUpperCase(), next);
    expect(answer).toMatchObject({ status: 200, body: { username: next, groups: [group], active: true } });

    expect(await statusAs({ user: next, password })).toBe(200);
    expect(await statusAs({ user: username, password })).toBe(401);
    expect(await statusAs({ bearer: secret })).toBe(200);
    expect(await statusAs({ user: next.toLowerCase(), token: secret })).toBe(200);
    expect(await statusAs({ user: username, token: secret })).toBe(401);
    expect((await server().admin.get(`/users/${username}`)).status).toBe(404);
    expect(await tokensOf(next)).toMatchObject([{ id, owner: next, createdBy: next }]);
    expect(await tokensOf(username)).toEqual([]);
    expect((await server().as({ user: next, password }).get<Listed>('/tokens')).body.items).toHaveLength(1);
  });

  it('R97: the upstream gets the new name at once', async () => {
    const upstream = await startRecordingUpstream();
    onTestFinished(() => upstream.stop());
    const key = unique('app');
    await server().createApplication({ key, mount: { pathPrefix: `/${key}` }, upstream: upstream.url });
    const { username } = await server().createUser({ username: unique('before'), password: undefined });
    const { secret } = await server().createToken({ scope: 'read-only', owner: username });
    const call = (): Promise<Response> =>
      fetch(`${server().url}/${key}/rest/api/2/issue/1`, { headers: { Authorization: `Bearer ${secret}` } });
    expect((await call()).status).toBe(200);
    const next = unique('after');
    expect((await rename(username, next)).status).toBe(200);
    expect((await call()).status).toBe(200);
    expect(upstream.requests.map((request) => request.header('x-forwarded-user'))).toEqual([username, next]);
  });

  it('R97: the audit log finds the events under the former names, and those of no other user', async () => {
    const { username: first } = await server().createUser({ username: unique('first'), password: undefined });
    const { id } = await server().createToken({ scope: 'read-only', owner: first });
    const [second, third] = [unique('second'), unique('third')];
    await rename(first, second);
    await rename(second, third);
    // Another user gets the first name.
    await server().createUser({ username: first, password: undefined });
    const other = await server().createToken({ scope: 'read-only', owner: first });
    const own = await eventsOf(third);
    expect(own.filter(({ type }) => type === 'token.created').map(({ tokenId }) => tokenId)).toEqual([id]);
    const ofTheName = await eventsOf(first);
    expect(ofTheName.filter(({ type }) => type === 'token.created').map(({ tokenId }) => tokenId)).toEqual([
      other.id,
      id,
    ]);
    const byType = await server().events({ user: third, type: 'token.created' });
    expect(byType.map(({ tokenId }) => tokenId)).toEqual([id]);
    const renamings = await server().events({ type: 'user.changed', user: 'admin' });
    expect(renamings.slice(0, 2).map(({ detail }) => detail)).toMatchObject([
      { subject: second, changes: { username: { before: second, after: third } } },
      { subject: first, changes: { username: { before: first, after: second } } },
    ]);
    expect(await tokensOf(first)).toMatchObject([{ id: other.id }]);
  });

  it('R97: who gets the name of a deleted user gets none of the events under its former names', async () => {
    const { username: first } = await server().createUser({ username: unique('before'), password: undefined });
    const { id } = await server().createToken({ scope: 'read-only', owner: first });
    const second = unique('gone');
    await rename(first, second);
    expect((await eventsOf(second)).map(({ tokenId }) => tokenId)).toContain(id);
    expect((await server().admin.delete(`/users/${second}`)).status).toBe(204);
    await server().createUser({ username: second, password: undefined });
    expect((await eventsOf(second)).filter(({ type }) => type === 'token.created')).toEqual([]);
  });

  it('R68, R97: a deposit stays, and is used again once it is checked for the new name', async () => {
    const user = await server().createUser({ username: unique('depositor') });
    let account = user.username;
    const upstream = await startRecordingUpstream({
      respond: (request) =>
        request.header('authorization') === `Bearer ${SECRET}`
          ? { body: JSON.stringify({ name: account }) }
          : { status: 401, body: '{}' },
    });
    onTestFinished(() => upstream.stop());
    const key = unique('jira');
    const identity = { mode: 'credential', perUser: true };
    await server().createApplication({ key, mount: { pathPrefix: `/${key}` }, upstream: upstream.url, identity });
    await deposit(server(), user, key, SECRET);
    const next = { ...user, username: unique('renamed') };
    expect((await rename(user.username, next.username)).status).toBe(200);
    // The account at the upstream still has the old name.
    expect(await depositOf(server(), next, key)).toMatchObject({ username: next.username, state: 'unchecked' });
    account = next.username;
    const own = server().as({ user: next.username, password: next.password });
    expect(await own.post(`/me/credentials/${key}/check`)).toMatchObject({ status: 200, body: { state: 'working' } });
    const listed = await server().admin.get<{ readonly items: readonly object[] }>(`/applications/${key}/credentials`);
    expect(listed.body.items).toMatchObject([{ username: next.username }]);
  });

  it('R97: a token works under the new name, and the purge writes it, if the node stops in between', async () => {
    const { username } = await server().createUser({ username: unique('cut'), password: undefined });
    const { secret, id } = await server().createToken({ scope: 'read-only', owner: username });
    const next = unique('whole');
    expect((await rename(username, next)).status).toBe(200);
    // As if only the first transaction had been stored.
    const source = server().provider(DataSource);
    await server()
      .provider(UnitOfWork)
      .run(({ manager }) => manager.update(TokenEntity, { id }, { ownerName: username, ownerKey: username }));
    const { id: userId } = await source.getRepository(UserEntity).findOneByOrFail({ username: next });
    const deletions = server().provider(DeletionsService);
    expect(await statusAs({ user: next, token: secret })).toBe(200);
    expect((await server().admin.get(`/tokens/${id}`)).body).toMatchObject({ owner: next });
    await deletions.finish('renaming', userId, SYSTEM_ACTOR);
    expect(await tokensOf(next)).toMatchObject([{ id }]);
  });

  it('R44, R97: the case of a name can change, and a taken name is a conflict', async () => {
    const { username } = await server().createUser({ username: unique('case'), password: undefined });
    const { username: taken } = await server().createUser({ username: unique('taken'), password: undefined });
    const upper = username.toUpperCase();
    expect(await rename(username, upper)).toMatchObject({ status: 200, body: { username: upper } });
    expect(await rename(upper, upper)).toMatchObject({ status: 200, body: { username: upper } });
    expectProblem(await rename(username, taken.toUpperCase()), 409, 'conflict');
    expectProblem(await rename(unique('unknown'), unique('any')), 404, 'not_found');
    for (const name of ['', 'a:b', 'sg_name', ' blank', 'x'.repeat(256)]) {
      expectProblem(await rename(username, name), 400, 'validation_failed');
    }
    const [one, two] = await Promise.all([rename(upper, unique('race')), rename(taken, unique('race'))]);
    expect([one.status, two.status]).toEqual([200, 200]);
  });

  it('R97, R125: only an administrator with a password renames', async () => {
    const { username, password } = await server().createUser({ username: unique('plain') });
    const path = `/users/${username}/rename`;
    const body = { username: unique('other') };
    expectProblem(await server().as({ user: username, password }).post(path, body), 403, 'administrator_required');
    const { secret } = await server().createToken({ scope: 'read-write' });
    expectProblem(await server().as({ bearer: secret }).post(path, body), 403, 'scope_insufficient');
  });
});
