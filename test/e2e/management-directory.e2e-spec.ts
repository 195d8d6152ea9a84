import { afterEach, beforeAll, expect, it } from 'vitest';
import type { ApiClient } from '../support/api.client.js';
import { describeOnEachDatabase, restoreRules, unique } from '../support/each-database.js';
import { expectProblem } from '../support/expect-problem.js';
import type { ScopegateFixture, TestToken, TestUser } from '../support/scopegate.fixture.js';

type Me = {
  readonly username: string;
  readonly displayName: string;
  readonly groups: readonly string[];
  readonly administrator: boolean;
  readonly permissions: {
    readonly useTokens: boolean;
    readonly createForSelf: boolean;
    readonly createOnBehalf: boolean;
  };
  readonly tokenCreation: {
    readonly available: boolean;
    readonly message: string | null;
    readonly scopes: readonly string[];
    readonly validities: readonly string[];
    readonly maximum: string;
  };
};
type User = {
  readonly username: string;
  readonly displayName: string;
  readonly email: string | null;
  readonly active: boolean;
  readonly groups: readonly string[];
};
type Warnings = { readonly warnings: readonly { readonly code: string; readonly message: string }[] };
type Page<Item> = { readonly items: readonly Item[]; readonly nextCursor: string | null };

describeOnEachDatabase('permissions and the directory at the management API', (server: () => ScopegateFixture) => {
  let user: TestUser;
  let asUser: ApiClient;

  beforeAll(async () => {
    user = await server().createUser({ username: 'Anna', displayName: 'Anna Example' });
    asUser = server().as({ user: user.username, password: user.password });
  });

  afterEach(() => restoreRules(server()));

  const me = async (as: ApiClient = asUser): Promise<Me> => (await as.get<Me>('/me')).body;
  const token = (owner: string, scope: 'read-only' | 'read-write' = 'read-write'): Promise<TestToken> =>
    server().createToken({ scope, owner });
  /** A user who cannot log in; making one is quick. */
  const silentUser = async (more: object = {}): Promise<string> =>
    (await server().createUser({ username: unique('user'), password: undefined, ...more })).username;
  const warningCodes = async (patch: object): Promise<readonly string[]> => {
    const answer = await server().admin.patch<Warnings>('/permissions', patch);
    expect(answer.status).toBe(200);
    return answer.body.warnings.map((warning) => warning.code);
  };

  it('R19, R20: a fresh install lets every user create and use tokens, and administrators create them for others', async () => {
    expect(await me()).toEqual({
      username: 'Anna',
      displayName: 'Anna Example',
      groups: [],
      administrator: false,
      permissions: { useTokens: true, createForSelf: true, createOnBehalf: false },
      tokenCreation: {
        available: true,
        message: null,
        scopes: ['read-only', 'read-write'],
        validities: ['P1M', 'P2M', 'P3M', 'P4M', 'P5M', 'P6M', 'P1Y', 'P2Y', 'never'],
        maximum: 'never',
      },
    });
    expect(await me(server().admin)).toMatchObject({
      username: 'admin',
      groups: ['administrators'],
      administrator: true,
      permissions: { useTokens: true, createForSelf: true, createOnBehalf: true },
    });
    const permissions = await server().admin.get('/permissions');
    expect(permissions.body).toEqual({
      useTokens: { everyone: true, groups: [] },
      createForSelf: { everyone: true, groups: [], readOnlyOnly: false },
      createOnBehalf: { groups: ['administrators'] },
      introspect: { groups: ['administrators'] },
      warnings: [],
    });
    expect(permissions.headers.get('etag')).toMatch(/^"\d+-[\w-]+"$/);
  });

  it('R19, R21: membership in any of the groups grants, and groups are not consulted while everyone is allowed', async () => {
    const [one, two] = [await server().createGroup(unique('one')), await server().createGroup(unique('two'))];
    await server().patchPermissions({ createForSelf: { everyone: false, groups: [one, two] } });
    expect((await me()).permissions.createForSelf).toBe(false);
    expect((await server().admin.put(`/groups/${two}/members/anna`)).status).toBe(204);
    expect((await me()).permissions.createForSelf).toBe(true);
    expect((await server().admin.delete(`/groups/${two}/members/Anna`)).status).toBe(204);
    expect((await me()).permissions.createForSelf).toBe(false);
    await server().patchPermissions({ createForSelf: { everyone: true } });
    expect((await me()).permissions.createForSelf).toBe(true);
    // Off with no groups means no user, administrators included: only these lists give permissions.
    await server().patchPermissions({
      useTokens: { everyone: false, groups: [] },
      createForSelf: { everyone: false, groups: [] },
      createOnBehalf: { groups: [] },
    });
    for (const as of [asUser, server().admin]) {
      expect((await me(as)).permissions).toEqual({ useTokens: false, createForSelf: false, createOnBehalf: false });
    }
    expectProblem(
      await server().admin.post('/tokens', { description: 'x', scope: 'read-only' }),
      403,
      'create_not_permitted',
    );
  });

  it('R15, R18: users may only create read-only tokens, but who may create for others chooses freely', async () => {
    const group = await server().createGroup(unique('deputies'));
    const before = await token('anna');
    await server().patchPermissions({
      createForSelf: { readOnlyOnly: true },
      createOnBehalf: { groups: ['administrators', group] },
    });
    expect((await me()).tokenCreation).toMatchObject({ available: true, scopes: ['read-only'] });
    expect((await me()).tokenCreation.message).toMatch(/read-only/);
    const body = { description: 'x', scope: 'read-write' };
    expectProblem(await asUser.post('/tokens', body), 403, 'scope_not_permitted');
    expect((await asUser.post('/tokens', { ...body, scope: 'read-only' })).status).toBe(201);
    const before2 = await server().admin.get<{ exceedsPolicy: boolean; status: string }>(`/tokens/${before.id}`);
    // Made by an administrator, who may: it does not exceed anything.
    expect(before2.body).toMatchObject({ status: 'active', exceedsPolicy: false });
    expect((await server().admin.put(`/groups/${group}/members/anna`)).status).toBe(204);
    const own = await asUser.post<TestToken>('/tokens', body);
    expect(own.status).toBe(201);
    expect((await asUser.post('/tokens', { ...body, owner: 'admin' })).status).toBe(201);
    expect((await server().admin.delete(`/groups/${group}/members/anna`)).status).toBe(204);
    const shown = await asUser.get<{ exceedsPolicy: boolean; status: string }>(`/tokens/${own.body.id}`);
    expect(shown.body).toMatchObject({ status: 'active', exceedsPolicy: true });
    expect((await server().as({ bearer: own.body.secret }).delete(`/tokens/${own.body.id}`)).status).toBe(204);
  });

  it('R16: who may create for itself alone cannot name another owner, nor learn which there are', async () => {
    const refusals = [];
    for (const owner of ['admin', 'ADMIN', 'nobody-at-all']) {
      const answer = await asUser.post('/tokens', { description: 'x', scope: 'read-only', owner });
      refusals.push(expectProblem(answer, 403, 'create_on_behalf_not_permitted').detail);
    }
    expect(new Set(refusals).size).toBe(1);
    const own = await asUser.post<TestToken>('/tokens', { description: 'x', scope: 'read-only', owner: 'ANNA' });
    expect(own.status).toBe(201);
    expect(own.body.owner).toBe('Anna');
  });

  it('R17, R20: a token created for another user carries the owner’s rights, whatever that owner may create', async () => {
    const group = await server().createGroup(unique('users'));
    const owner = await silentUser({ groups: [group] });
    await server().patchPermissions({ createForSelf: { everyone: false, groups: [] } });
    const made = await server().createToken({ scope: 'read-only', owner: owner.toUpperCase() });
    expect(made.owner).toBe(owner);
    expect(made).toMatchObject({ createdBy: 'admin' });
    const seen = await server().as({ bearer: made.secret }).get<Me>('/me');
    expect(seen.body).toMatchObject({
      username: owner,
      groups: [group],
      administrator: false,
      permissions: { useTokens: true, createForSelf: false },
    });
    expectProblem(await server().as({ bearer: made.secret }).get('/settings'), 403, 'administrator_required');
  });

  it('R24: a lost permission shows at once, with a text, and a creation under way is a 403', async () => {
    await server().patchPermissions({ createForSelf: { everyone: false } });
    expect((await me()).tokenCreation).toEqual({
      available: false,
      message: expect.stringMatching(/administrator/i) as unknown,
      scopes: [],
      validities: expect.anything() as unknown,
      maximum: 'never',
    });
    const body = { description: 'x', scope: 'read-only' };
    expectProblem(await asUser.post('/tokens', body), 403, 'create_not_permitted');
    const readOnly = await token('anna', 'read-only');
    expectProblem(await server().as({ bearer: readOnly.secret }).post('/tokens', body), 403, 'create_not_permitted');
    await server().patchPermissions({ createForSelf: { everyone: true } });
    expect((await asUser.post('/tokens', body)).status).toBe(201);
  });

  it('R24: of many creations that race with the loss of the permission, none is made after it is answered', async () => {
    const body = { description: unique('race'), scope: 'read-only' };
    const running = Array.from({ length: 10 }, () => asUser.post<TestToken>('/tokens', body));
    await server().patchPermissions({ createForSelf: { everyone: false } });
    const after = await asUser.post('/tokens', body);
    expectProblem(after, 403, 'create_not_permitted');
    const made = (await Promise.all(running)).filter((answer) => answer.status === 201).length;
    const listed = await server().admin.get<Page<TestToken>>(`/tokens?q=${body.description}`);
    expect(listed.body.items).toHaveLength(made);
  });

  it('R25: losing use stops existing tokens with a 403, and regaining it revives them', async () => {
    const made = await token('anna');
    const as = server().as({ bearer: made.secret });
    expect((await as.get('/me')).status).toBe(200);
    await server().patchPermissions({ useTokens: { everyone: false } });
    expectProblem(await as.get('/me'), 403, 'use_not_permitted');
    const status = async (): Promise<string> => (await server().admin.get<TestToken>(`/tokens/${made.id}`)).body.status;
    expect(await status()).toBe('suspended');
    const suspended = await server().admin.get<Page<TestToken>>('/tokens?status=suspended&limit=200');
    expect(suspended.body.items.map((item) => item.id)).toContain(made.id);
    const [event] = await server().events({ tokenId: made.id, outcome: 'denied' });
    expect(event).toMatchObject({ type: 'permission.denied', code: 'use_not_permitted', tokenId: made.id });
    await server().patchPermissions({ useTokens: { everyone: true } });
    expect((await as.get('/me')).status).toBe(200);
    expect(await status()).toBe('active');
  });

  it('R22, R23: permissions that cannot be meant are a 400, odd ones are saved with warnings', async () => {
    const group = await server().createGroup(unique('empty'));
    const { headers } = await server().admin.get('/permissions');
    for (const patch of [
      { createOnBehalf: { everyone: true } },
      { createOnBehalf: { everyone: false } },
      { introspect: { everyone: true } },
      { introspect: null },
      { useTokens: { everyone: null } },
      { useTokens: null },
      { useTokens: { groups: ['no such group'] } },
      { useTokens: { groups: 'administrators' } },
      { useTokens: { groups: [1] } },
      { createForSelf: { readOnlyOnly: 'yes' } },
      { other: {} },
      [],
    ]) {
      expectProblem(await server().admin.patch('/permissions', patch), 400, 'validation_failed');
    }
    const whole = {
      useTokens: { everyone: true, groups: [] },
      createForSelf: { everyone: true, groups: [], readOnlyOnly: false },
      createOnBehalf: { groups: [] },
    };
    for (const body of [
      {},
      { ...whole, useTokens: undefined },
      { ...whole, createForSelf: { everyone: true, groups: [] } },
      { ...whole, extra: 1 },
      { ...whole, createOnBehalf: { everyone: false, groups: [] } },
      { ...whole, introspect: null },
      { ...whole, introspect: {} },
    ]) {
      expectProblem(await server().admin.put('/permissions', body), 400, 'validation_failed');
    }
    expect((await server().admin.get('/permissions')).headers.get('etag')).toBe(headers.get('etag'));
    expect((await server().admin.put('/permissions', { ...whole, warnings: ['ignored'] })).status).toBe(200);
    expect(await warningCodes({ useTokens: { everyone: false, groups: [group] } })).toEqual(
      expect.arrayContaining(['nobody_may_use_tokens', 'group_without_members']),
    );
    expect(await warningCodes({ useTokens: { everyone: false, groups: ['administrators'] } })).toContain(
      'creators_may_not_use_tokens',
    );
    expect(await warningCodes({ createForSelf: { everyone: false, groups: [] } })).toContain(
      'nobody_may_create_tokens',
    );
    await server().admin.put(`/groups/${group}/members/anna`);
    const locked = { useTokens: { everyone: false, groups: [group] }, createForSelf: { groups: [group] } };
    expect(await warningCodes(locked)).toEqual(
      expect.arrayContaining(['saver_may_not_use_tokens', 'saver_may_not_create_tokens']),
    );
    for (const { message } of (await server().admin.get<Warnings>('/permissions')).body.warnings) {
      expect(message.length).toBeGreaterThan(40);
    }
  });

  it('R23, R64: a change of permissions holds to the version it was made for', async () => {
    const etag = (await server().admin.get('/permissions')).headers.get('etag') ?? '';
    const patch = { createForSelf: { readOnlyOnly: true } };
    const first = await server().admin.patch('/permissions', patch, { headers: { 'If-Match': etag } });
    expect(first.status).toBe(200);
    expect(first.headers.get('etag')).not.toBe(etag);
    const second = await server().admin.patch('/permissions', patch, { headers: { 'If-Match': etag } });
    expectProblem(second, 412, 'version_mismatch');
    expectProblem(
      await server().admin.put('/permissions', {}, { headers: { 'If-Match': etag } }),
      400,
      'validation_failed',
    );
    expect((await server().admin.patch('/permissions', patch, { headers: { 'If-Match': '*' } })).status).toBe(200);
    expectProblem(
      await server().admin.patch('/permissions', patch, { headers: { 'If-Match': `W/${etag}` } }),
      412,
      'version_mismatch',
    );
  });

  it('R26: a deactivated owner’s tokens are refused with 401 at once, and work again with the owner', async () => {
    const owner = await silentUser();
    const made = await token(owner);
    const as = server().as({ bearer: made.secret });
    expect((await as.get('/me')).status).toBe(200);
    expect((await server().admin.patch<User>(`/users/${owner}`, { active: false })).body.active).toBe(false);
    expectProblem(await as.get('/me'), 401, 'credential_invalid');
    expectProblem(
      await server().admin.post('/tokens', { description: 'x', scope: 'read-only', owner }),
      400,
      'validation_failed',
    );
    const [event] = await server().events({ tokenId: made.id, outcome: 'failed' });
    expect(event).toMatchObject({ type: 'authentication.failed', code: 'owner_inactive' });
    expect((await server().admin.patch(`/users/${owner}`, { active: true })).status).toBe(200);
    expect((await as.get('/me')).status).toBe(200);
  });

  it('R26: deleting a user revokes the tokens, and a new user of that name does not get them back', async () => {
    const owner = await silentUser();
    const made = await token(owner);
    const as = server().as({ bearer: made.secret });
    expect((await as.get('/me')).status).toBe(200);
    expect((await server().admin.delete(`/users/${owner.toUpperCase()}`)).status).toBe(204);
    expect((await as.get('/me')).status).toBe(401);
    const shown = await server().admin.get<TestToken>(`/tokens/${made.id}`);
    expect(shown.body).toMatchObject({ status: 'revoked', revokedBy: 'admin', owner });
    expect((await server().admin.post('/users', { username: owner })).status).toBe(201);
    expect((await as.get('/me')).status).toBe(401);
    expect((await server().as({ user: owner, token: made.secret }).get('/me')).status).toBe(401);
    const fresh = await token(owner);
    const seen = await server().as({ bearer: fresh.secret }).get<Page<TestToken>>('/tokens');
    expect(seen.body.items.map((item) => item.id)).toEqual([fresh.id]);
    expectProblem(await server().as({ bearer: fresh.secret }).get(`/tokens/${made.id}`), 404, 'not_found');
  });

  it('R26: the last administrator and the groups that are needed cannot be removed', async () => {
    for (const answer of [
      await server().admin.delete('/users/admin'),
      await server().admin.patch('/users/ADMIN', { active: false }),
      await server().admin.patch('/users/admin', { groups: [] }),
      await server().admin.delete('/groups/administrators/members/admin'),
      await server().admin.delete('/groups/administrators'),
    ]) {
      expectProblem(answer, 409, 'conflict');
    }
    const group = await server().createGroup(unique('named'));
    await server().patchPermissions({ useTokens: { groups: [group] } });
    expectProblem(await server().admin.delete(`/groups/${group}`), 409, 'conflict');
    await server().patchPermissions({ useTokens: { groups: [] } });
    expect((await server().admin.delete(`/groups/${group}`)).status).toBe(204);
    const second = await silentUser({ groups: ['administrators'] });
    expect((await server().admin.delete(`/groups/administrators/members/${second}`)).status).toBe(204);
  });

  it('R44: users are created, shown, changed and deleted, and compare without case', async () => {
    const username = unique('Ärger');
    const group = await server().createGroup(unique('staff'));
    const asked = {
      username,
      displayName: 'Ä. Rger',
      email: 'a@example.test',
      password: 'a long password',
      groups: [group],
    };
    const made = await server().admin.post<User>('/users', asked);
    const person = { username, displayName: 'Ä. Rger', email: 'a@example.test', active: true };
    const expected = { ...person, groups: [group], directory: 'local' };
    expect({ status: made.status, body: made.body }).toEqual({ status: 201, body: expected });
    const path = `/users/${encodeURIComponent(username.toLowerCase())}`;
    expect((await server().admin.get(path)).body).toEqual(expected);
    for (const name of [username, username.toUpperCase(), username.toLowerCase()]) {
      expectProblem(await server().admin.post('/users', { username: name }), 409, 'conflict');
    }
    expect((await server().as({ user: username.toUpperCase(), password: 'a long password' }).get('/me')).status).toBe(
      200,
    );
    const changed = await server().admin.patch<User>(
      path,
      { displayName: 'Other', email: null, groups: [] },
      { headers: { 'Content-Type': 'application/merge-patch+json' } },
    );
    expect(changed.body).toEqual({ ...expected, displayName: 'Other', email: null, groups: [] });
    for (const patch of [
      { displayName: null },
      { active: null },
      { groups: null },
      { groups: ['nowhere'] },
      { groups: 'x' },
      { username: 'other' },
      { email: 'no address' },
      { password: 'short' },
      { passwordHash: 'x' },
      { id: 'x' },
      [],
    ]) {
      expectProblem(await server().admin.patch(path, patch), 400, 'validation_failed');
    }
    // A password that is taken away ends the login and nothing else.
    expect((await server().admin.patch(path, { password: null })).status).toBe(200);
    expectProblem(
      await server().as({ user: username, password: 'a long password' }).get('/me'),
      401,
      'credential_invalid',
    );
    const found = await server().admin.get<Page<User>>(`/users?q=${encodeURIComponent(username.slice(2))}`);
    expect(found.body.items.map((item) => item.username)).toEqual([username]);
    expect((await server().admin.delete(path)).status).toBe(204);
    for (const answer of [
      await server().admin.get(path),
      await server().admin.delete(path),
      await server().admin.patch(path, { displayName: 'x' }),
      await server().admin.put(`/groups/${group}/members/nobody`),
      await server().admin.put('/groups/nowhere/members/anna'),
      await server().admin.delete(`/groups/${group}/members/anna`),
      await server().admin.delete('/groups/nowhere'),
    ]) {
      expectProblem(answer, 404, 'not_found');
    }
  });

  it.each([
    ['no name', { username: undefined }],
    ['an empty name', { username: '' }],
    ['a name of 256 characters', { username: 'x'.repeat(256) }],
    ['a name with a colon', { username: 'a:b' }],
    ['a name with a line break', { username: 'a\nb' }],
    ['a name with an invisible character', { username: 'adm\u200bin' }],
    ['a name in the format of tokens', { username: 'sg_x' }],
    ['a name that is a number', { username: 5 }],
    ['a blank at the end', { username: 'x ' }],
    ['a password of 11 characters', { password: 'x'.repeat(11) }],
    ['a password of 73 bytes', { password: 'x'.repeat(73) }],
    ['a password of 72 characters and more bytes', { password: 'ä'.repeat(37) }],
    ['a password in the format of tokens', { password: 'sg_xxxxxxxxxxxx' }],
    ['a password that is a number', { password: 123_456_789_012 }],
    ['an invalid address', { email: 'x' }],
    ['an address with half a surrogate pair', { email: '\ud800' }],
    ['active that is a text', { active: 'true' }],
    ['an unknown group', { groups: ['nowhere'] }],
    ['a group twice', { groups: ['administrators', 'administrators'] }],
    ['an unknown property', { admin: true }],
    ['a null display name', { displayName: null }],
    ['a display name of 256 characters', { displayName: 'x'.repeat(256) }],
  ])('R44, R61: a user is not made with %s (400), and a password is never repeated', async (_what, wrong) => {
    const before = await server().admin.get<Page<User>>('/users?limit=200');
    const answer = await server().admin.post('/users', { username: unique('wrong'), ...wrong });
    const problem = expectProblem(answer, 400, 'validation_failed');
    if ('password' in wrong) expect(JSON.stringify(problem)).not.toContain(String(wrong.password));
    expect((await server().admin.get('/users?limit=200')).body).toEqual(before.body);
  });

  it('R44: passwords of 12 characters and of exactly 72 bytes are taken whole, never cut', async () => {
    const long = `${'ä'.repeat(35)}!?`;
    expect(Buffer.byteLength(long)).toBe(72);
    for (const password of ['123456789012', long]) {
      const { username } = await server().createUser({ username: unique('long'), password });
      expect((await server().as({ user: username, password }).get('/me')).status).toBe(200);
      for (const other of [`${password}x`, password.slice(0, -1), password.toUpperCase() + '.']) {
        const answer = await server().as({ user: username, password: other }).get('/me');
        expectProblem(answer, 401, 'credential_invalid');
      }
    }
  });

  it('R61: one’s own password is changed with the current one, and with no token', async () => {
    const own = await server().createUser({ username: unique('changer') });
    const as = server().as({ user: own.username, password: own.password });
    const next = 'another long password';
    for (const body of [
      { current: 'not the password', new: next },
      { current: own.password, new: 'short' },
      { current: own.password, new: 'x'.repeat(73) },
      { current: own.password },
      { new: next },
      { current: own.password, new: next, username: 'admin' },
      { current: null, new: next },
    ]) {
      const problem = expectProblem(await as.post('/me/password', body), 400, 'validation_failed');
      expect(JSON.stringify(problem)).not.toContain(own.password);
    }
    const made = await token(own.username);
    const withToken = await server()
      .as({ bearer: made.secret })
      .post('/me/password', { current: own.password, new: next });
    expectProblem(withToken, 403, 'scope_insufficient');
    const done = await as.post('/me/password', { current: own.password, new: next });
    expect({ status: done.status, body: done.body }).toEqual({ status: 204, body: undefined });
    expectProblem(await as.get('/me'), 401, 'credential_invalid');
    expect((await server().as({ user: own.username, password: next }).get('/me')).status).toBe(200);
  });

  it('R19: groups are created, listed page by page, filled and deleted', async () => {
    const names = ['Zeta', 'alpha', 'Beta gamma', 'Ünder/score%'].map((name) => unique(name));
    for (const name of names) {
      const made = await server().admin.post('/groups', { name });
      expect({ status: made.status, body: made.body }).toEqual({ status: 201, body: { name } });
      expectProblem(await server().admin.post('/groups', { name }), 409, 'conflict');
      expectProblem(await server().admin.post('/groups', { name: name.toUpperCase() }), 409, 'conflict');
      const path = `/groups/${encodeURIComponent(name)}`;
      const put = await server().admin.put(`${path}/members/Anna`);
      expect({ status: put.status, body: put.body }).toEqual({ status: 204, body: undefined });
      expect((await server().admin.put(`${path}/members/anna`)).status).toBe(204);
    }
    const seen: string[] = [];
    let cursor = '';
    for (;;) {
      const query = new URLSearchParams({ limit: '2', ...(cursor === '' ? {} : { cursor }) }).toString();
      const page = await server().admin.get<Page<{ name: string }>>(`/groups?${query}`);
      expect(page.body.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.body.items.map((item) => item.name));
      if (page.body.nextCursor === null) break;
      cursor = page.body.nextCursor;
    }
    expect(seen).toEqual([...new Set(seen)].sort());
    expect(seen).toEqual(expect.arrayContaining([...names, 'administrators']));
    expect((await me()).groups).toEqual(expect.arrayContaining(names));
    const members = await server().admin.get<Page<User>>(`/users?group=${encodeURIComponent(names[3] ?? '')}`);
    expect(members.body.items.map((item) => item.username)).toEqual(['Anna']);
    for (const name of names) {
      expect((await server().admin.delete(`/groups/${encodeURIComponent(name)}`)).status).toBe(204);
    }
    expect((await me()).groups).not.toEqual(expect.arrayContaining([names[0]]));
    for (const name of ['', 'x'.repeat(256), 'a,b', 'a\nb', ' a', '.', '..', 5, null]) {
      expectProblem(await server().admin.post('/groups', { name }), 400, 'validation_failed');
    }
    for (const path of ['/groups?cursor=x', '/groups?q=x', '/users?active=1', '/users?limit=0', '/users?colour=red']) {
      expectProblem(await server().admin.get(path), 400, 'validation_failed');
    }
  });

  it('R24, R63: users are listed with their filters, page by page', async () => {
    const mark = unique('listed');
    const made = await Promise.all(
      [1, 2, 3].map((index) =>
        silentUser({
          username: `${mark}-${index}`,
          displayName: `Name ${index}`,
          email: `${mark}${index}@example.test`,
        }),
      ),
    );
    await server().admin.patch(`/users/${mark}-2`, { active: false });
    const names = async (query: string): Promise<readonly string[]> => {
      const answer = await server().admin.get<Page<User>>(`/users?${query}`);
      expect(answer.status, JSON.stringify(answer.body)).toBe(200);
      return answer.body.items.map((item) => item.username);
    };
    expect(await names(`q=${mark}`)).toEqual(made);
    expect(await names(`q=${mark.toUpperCase()}3%40EXAMPLE`)).toEqual([made[2]]);
    expect(await names(`q=${mark}&active=false`)).toEqual([made[1]]);
    expect(await names(`q=${mark}&active=true`)).toEqual([made[0], made[2]]);
    const first = await server().admin.get<Page<User>>(`/users?q=${mark}&limit=2`);
    expect(await names(`q=${mark}&limit=2&cursor=${first.body.nextCursor}`)).toEqual([made[2]]);
  });
});
