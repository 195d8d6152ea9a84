import { createHash } from 'node:crypto';
import { afterEach, beforeAll, expect, it } from 'vitest';
import type { ApiAnswer, ApiClient, ProblemBody } from '../support/api.client.js';
import { describeOnEachDatabase, restoreRules, unique } from '../support/each-database.js';
import { expectProblem } from '../support/expect-problem.js';
import type { ScopegateFixture, TestUser } from '../support/scopegate.fixture.js';

type Token = {
  readonly id: string;
  readonly hint: string;
  readonly owner: string;
  readonly createdBy: string;
  readonly description: string;
  readonly scope: 'read-only' | 'read-write';
  readonly status: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly revokedBy: string | null;
  readonly lastUsedAt: string | null;
  readonly lastUsedIp: string | null;
  readonly useCount: number;
  readonly allowList: readonly string[] | null;
  readonly applications: readonly string[] | null;
  readonly exceedsPolicy: boolean;
  readonly successorId: string | null;
};
type CreatedToken = Token & { readonly secret: string };
type Page = { readonly items: readonly Token[]; readonly nextCursor: string | null };

const SECRET = /^sg_[0-9A-Za-z]{12}_[0-9A-Za-z]{40}_[0-9A-Za-z]{6}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const DAY_MS = 86_400_000;
const CHOICES = ['P1M', 'P2M', 'P3M', 'P4M', 'P5M', 'P6M', 'P1Y', 'P2Y', 'never'];

/** The instant `months` calendar months later, in UTC; the last day of the month where the day is missing (R30). */
function monthsLater(from: Date, months: number): Date {
  const later = new Date(from);
  later.setUTCDate(1);
  later.setUTCMonth(later.getUTCMonth() + months);
  const last = new Date(Date.UTC(later.getUTCFullYear(), later.getUTCMonth() + 1, 0)).getUTCDate();
  later.setUTCDate(Math.min(from.getUTCDate(), last));
  return later;
}

describeOnEachDatabase('tokens at the management API', (server: () => ScopegateFixture) => {
  let alice: TestUser;
  let bob: TestUser;
  let asAlice: ApiClient;
  let asBob: ApiClient;

  beforeAll(async () => {
    alice = await server().createUser({ username: 'Alice' });
    bob = await server().createUser({ username: 'bob' });
    asAlice = server().as({ user: alice.username, password: alice.password });
    asBob = server().as({ user: bob.username, password: bob.password });
  });

  afterEach(() => restoreRules(server()));

  const create = async (body: object = {}, as: ApiClient = asAlice): Promise<CreatedToken> => {
    const answer = await as.post<CreatedToken>('/tokens', {
      description: unique('token'),
      scope: 'read-write',
      ...body,
    });
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    return answer.body;
  };
  const list = async (query: Record<string, string> = {}, as: ApiClient = server().admin): Promise<Page> => {
    const answer = await as.get<Page>(`/tokens?${new URLSearchParams(query).toString()}`);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    return answer.body;
  };
  /** Goes through all pages. */
  const listAll = async (query: Record<string, string>, as?: ApiClient): Promise<readonly Token[]> => {
    const items: Token[] = [];
    let cursor: string | null = null;
    do {
      const page: Page = await list({ ...query, ...(cursor === null ? {} : { cursor }) }, as);
      items.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null);
    return items;
  };

  it('R01, R09, R17: a token is created with the scope chosen, and shows its secret this once', async () => {
    const before = Date.now();
    const made = await create({ description: 'nightly report', scope: 'read-only' });
    const { secret, ...token } = made;
    expect(secret).toMatch(SECRET);
    expect(token).toEqual({
      id: secret.slice(3, 15),
      hint: expect.stringContaining(secret.slice(3, 15)),
      owner: 'Alice',
      createdBy: 'Alice',
      description: 'nightly report',
      scope: 'read-only',
      status: 'active',
      createdAt: expect.stringMatching(INSTANT),
      expiresAt: null,
      revokedAt: null,
      revokedBy: null,
      lastUsedAt: null,
      lastUsedIp: null,
      useCount: 0,
      allowList: null,
      applications: null,
      exceedsPolicy: false,
      successorId: null,
    });
    expect(made.hint).not.toContain(secret.slice(16, 30));
    expect(Date.parse(made.createdAt)).toBeGreaterThanOrEqual(before);
    const shown = await asAlice.get<Token>(`/tokens/${made.id}`);
    expect(shown.status).toBe(200);
    expect(shown.body).toEqual(token);
    expect((await list({ q: made.id })).items).toEqual([token]);
  });

  it.each([
    ['no scope', { scope: undefined }, 'scope'],
    ['another scope', { scope: 'admin' }, 'scope'],
    ['a scope in another case', { scope: 'Read-Only' }, 'scope'],
    ['a scope that is a list', { scope: ['read-only'] }, 'scope'],
    ['no scope but null', { scope: null }, 'scope'],
    ['no description', { description: undefined }, 'description'],
    ['an empty description', { description: '' }, 'description'],
    ['a blank description', { description: ' \u00a0 ' }, 'description'],
    ['a description of 256 characters', { description: 'x'.repeat(256) }, 'description'],
    ['a description with a line break', { description: 'a\nb' }, 'description'],
    ['a description that is a number', { description: 5 }, 'description'],
    ['an unknown property', { colour: 'red' }, 'colour'],
    ['a property of the answer', { id: 'aaaaaaaaaaaa' }, 'id'],
    ['the wrong case of a name', { Scope: 'read-only' }, 'Scope'],
    ['an unknown validity', { validity: 'P7M' }, 'validity'],
    ['a null validity', { validity: null }, 'validity'],
    ['a validity and an expiry', { validity: 'P1M', expiresAt: '2999-01-01T00:00:00Z' }, 'expiresAt'],
    ['an expiry in the past', { expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
    ['an expiry without offset', { expiresAt: '2999-01-01T00:00:00' }, 'expiresAt'],
    ['a date alone', { expiresAt: '2999-01-01' }, 'expiresAt'],
    ['30 February', { expiresAt: '2999-02-30T00:00:00Z' }, 'expiresAt'],
    ['an expiry that is a number', { expiresAt: 4_000_000_000_000 }, 'expiresAt'],
    ['a null expiry', { expiresAt: null }, 'expiresAt'],
    ['an unknown owner', { owner: 'nobody' }, 'owner'],
    ['an owner that is null', { owner: null }, 'owner'],
    ['an entry that is no address', { allowList: ['192.0.2.0/24', '300.1.1.1'] }, 'allowList.1'],
    ['an allow list that is a text', { allowList: '192.0.2.1' }, 'allowList'],
    ['a null allow list', { allowList: null }, 'allowList'],
    ['an unknown application', { applications: ['nowhere'] }, 'applications'],
    ['no application', { applications: [] }, 'applications'],
    ['an application twice', { applications: ['a', 'a'] }, 'applications'],
  ])('R01, R09, R29, R33: a token is not made with %s (400)', async (_what, wrong, field) => {
    const count = (await listAll({ limit: '200' })).length;
    const body = { description: 'x', scope: 'read-only', ...wrong };
    const problem = expectProblem(await server().admin.post('/tokens', body), 400, 'validation_failed');
    expect(problem.errors?.map((error) => error.field)).toContain(field);
    expect((await listAll({ limit: '200' })).length).toBe(count);
  });

  it('R01: what fits is taken: any script in the description, and 255 characters of it', async () => {
    for (const description of ['x', '😀'.repeat(255), 'Ünïcödé “quoted” <b>', 'a\u00a0b', "'; DROP TABLE tokens; --"]) {
      const made = await create({ description });
      expect((await asAlice.get<Token>(`/tokens/${made.id}`)).body.description).toBe(description);
    }
  });

  it.each([
    ['never', CHOICES, null],
    ['P1M', ['P1M'], 1],
    ['P2M', ['P2M'], 2],
    ['P3M', ['P3M'], 3],
    ['P4M', ['P4M'], 4],
    ['P5M', ['P5M'], 5],
    ['P6M', ['P6M'], 6],
    ['P1Y', ['P6M', 'P1Y'], 12],
    ['P2Y', ['P6M', 'P1Y', 'P2Y'], 24],
  ])('R27, R28, R30: with the maximum %s the choices are %j', async (maximum, offered, months) => {
    expect((await server().admin.patch('/settings', { tokenValidity: { maximum } })).status).toBe(200);
    const me = await asAlice.get<{ tokenCreation: { validities: string[]; maximum: string } }>('/me');
    expect(me.body.tokenCreation).toMatchObject({ validities: offered, maximum });
    for (const validity of CHOICES) {
      const answer = await asAlice.post<CreatedToken>('/tokens', {
        description: validity,
        scope: 'read-only',
        validity,
      });
      if (offered.includes(validity)) {
        expect(answer.status).toBe(201);
        const number = Number(validity.slice(1, 2)) * (validity.endsWith('Y') ? 12 : 1);
        const end = validity === 'never' ? null : monthsLater(new Date(answer.body.createdAt), number).toISOString();
        expect(answer.body.expiresAt).toBe(end);
      } else {
        expectProblem(answer, 400, 'validation_failed');
      }
    }
    const unasked = await create();
    const latest = months === null ? null : monthsLater(new Date(unasked.createdAt), months);
    expect(unasked.expiresAt).toBe(latest?.toISOString() ?? null);
    if (months === null) return;
    const near = new Date(monthsLater(new Date(), months).getTime() - 60_000).toISOString();
    expect((await create({ expiresAt: near })).expiresAt).toBe(near);
    const beyond = new Date(monthsLater(new Date(), months).getTime() + DAY_MS).toISOString();
    const refused = await asAlice.post('/tokens', { description: 'x', scope: 'read-only', expiresAt: beyond });
    expect(expectProblem(refused, 400, 'validation_failed').detail).toMatch(new RegExp(`\\b${months} months?\\b`));
  });

  it('R29: an expiry is any instant with an offset, kept to the millisecond', async () => {
    for (const [given, kept] of [
      ['2999-12-31T23:59:59.999Z', '2999-12-31T23:59:59.999Z'],
      ['2999-12-31T23:30:00-01:30', '3000-01-01T01:00:00.000Z'],
      ['2999-06-01T12:00+02:00', '2999-06-01T10:00:00.000Z'],
    ]) {
      expect((await create({ expiresAt: given })).expiresAt).toBe(kept);
    }
  });

  it('R31: from its expiry on a token is a 401 and stays listed as expired', async () => {
    const made = await create({ expiresAt: new Date(Date.now() + 4_000).toISOString() });
    const asToken = server().as({ bearer: made.secret });
    expect((await asToken.get('/me')).status).toBe(200);
    await expect.poll(async () => (await asToken.get<ProblemBody>('/me')).body.code).toBe('token_expired');
    const answer = await asToken.get('/me');
    expectProblem(answer, 401, 'token_expired');
    expect(answer.headers.get('www-authenticate')).toMatch(/Bearer .*error="invalid_token"/);
    expect((await asAlice.get<Token>(`/tokens/${made.id}`)).body.status).toBe('expired');
    expect((await list({ status: 'expired', q: made.id })).items).toHaveLength(1);
    expect((await list({ status: 'active', q: made.id })).items).toHaveLength(0);
    expectProblem(await asAlice.post(`/tokens/${made.id}/rotate`), 409, 'conflict');
  });

  it('R32: lowering the maximum lists what exceeds it, and ends it only with applyAtUse', async () => {
    const forever = await create();
    const short = await create({ validity: 'P1M' });
    await server().patchSettings({ tokenValidity: { maximum: 'P3M' } });
    const exceeding = (await listAll({ exceedsPolicy: 'true', limit: '200' })).map((token) => token.id);
    expect(exceeding).toContain(forever.id);
    expect(exceeding).not.toContain(short.id);
    const others = (await listAll({ exceedsPolicy: 'false', limit: '200' })).map((token) => token.id);
    expect(others).toContain(short.id);
    expect(others).not.toContain(forever.id);
    expect((await server().as({ bearer: forever.secret }).get('/me')).status).toBe(200);
  });

  it('R32, R10: a token that the maximum ends by applyAtUse cannot prolong itself by a rotation', async () => {
    const forever = await create();
    await server().patchSettings({ tokenValidity: { maximum: 'P1M', applyAtUse: true } });
    const end = monthsLater(new Date(forever.createdAt), 1).getTime();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const rotated = await server().as({ bearer: forever.secret }).post<CreatedToken>(`/tokens/${forever.id}/rotate`);
    expect(rotated.status).toBe(201);
    expect(Date.parse(rotated.body.expiresAt ?? '')).toBeLessThanOrEqual(end);
  });

  it('R44: a token works with its owner’s name in any case, and with no other', async () => {
    const { secret } = await create();
    for (const user of ['Alice', 'alice', 'ALICE']) {
      const me = await server().as({ user, token: secret }).get<{ username: string }>('/me');
      expect(me.status).toBe(200);
      expect(me.body.username).toBe('Alice');
    }
    const answer = await server().as({ user: 'bob', token: secret }).get('/me');
    expectProblem(answer, 401, 'credential_invalid');
    expect(answer.headers.get('www-authenticate')).toMatch(/Basic .*charset="UTF-8"/);
    const changed = secret.slice(0, -1) + (secret.endsWith('0') ? '1' : '0');
    expectProblem(await server().as({ bearer: changed }).get('/me'), 401, 'credential_invalid');
    expectProblem(await server().as({ user: 'Alice', token: 'sg_' }).get('/me'), 401, 'credential_invalid');
  });

  it('R05, R08: a read-only token may read and create a token, and nothing else', async () => {
    const readOnly = await create({ scope: 'read-only' });
    const as = server().as({ user: 'alice', token: readOnly.secret });
    for (const path of ['/me', '/tokens', `/tokens/${readOnly.id}`]) expect((await as.get(path)).status).toBe(200);
    const child = await create({ scope: 'read-only' }, as);
    expect(child.owner).toBe('Alice');
    for (const answer of [
      await as.patch(`/tokens/${readOnly.id}`, { description: 'x' }),
      await as.delete(`/tokens/${child.id}`),
      await as.post('/tokens/revoke', { ids: [child.id] }),
      await as.post(`/tokens/${readOnly.id}/rotate`),
      await as.post('/me/password', { current: alice.password, new: 'another long password' }),
    ]) {
      expectProblem(answer, 403, 'scope_insufficient');
    }
    const readWrite = server().as({ bearer: (await create()).secret });
    expect((await readWrite.patch(`/tokens/${readOnly.id}`, { description: 'x' })).status).toBe(200);
    // The same holds for an administrator's: the scope is a property of the token.
    const admin = server().as({ bearer: (await server().createToken({ scope: 'read-only' })).secret });
    expect((await admin.get('/settings')).status).toBe(200);
    expectProblem(await admin.post('/groups', { name: unique('g') }), 403, 'scope_insufficient');
    expectProblem(await admin.patch('/settings', {}), 403, 'scope_insufficient');
  });

  it('R10: a token made with a token never exceeds it', async () => {
    await server().createApplication({ key: 'one', upstream: 'http://127.0.0.1:9', mount: { pathPrefix: '/one' } });
    await server().createApplication({ key: 'two', upstream: 'http://127.0.0.1:9', mount: { pathPrefix: '/two' } });
    const expiresAt = new Date(Date.now() + 10 * DAY_MS).toISOString();
    const parent = await create(
      { scope: 'read-only', expiresAt, allowList: ['127.0.0.0/8'], applications: ['one', 'scopegate'], owner: 'alice' },
      server().admin,
    );
    const as = server().as({ bearer: parent.secret });
    const ask = (body: object): Promise<ApiAnswer<CreatedToken>> =>
      as.post<CreatedToken>('/tokens', { description: 'child', scope: 'read-only', ...body });
    for (const body of [
      { scope: 'read-write' },
      { owner: 'bob' },
      { validity: 'never' },
      { validity: 'P1M' },
      { expiresAt: new Date(Date.parse(expiresAt) + 1).toISOString() },
      { applications: ['two'] },
      { applications: ['one', 'two'] },
      { allowList: ['0.0.0.0/0'] },
      { allowList: ['127.0.0.1', '192.0.2.1'] },
      { allowList: ['126.255.255.255-127.0.0.1'] },
    ]) {
      const answer = await ask(body);
      expect(answer.status, JSON.stringify(body)).toBe(403);
      expect(['exceeds_parent_token', 'create_on_behalf_not_permitted']).toContain(
        (answer.body as unknown as ProblemBody).code,
      );
    }
    const inherited = await ask({});
    expect(inherited.status).toBe(201);
    expect(inherited.body).toMatchObject({
      owner: 'Alice',
      createdBy: 'Alice',
      expiresAt,
      allowList: parent.allowList,
      applications: ['one', 'scopegate'],
    });
    const narrowed = await ask({
      expiresAt: new Date(Date.parse(expiresAt) - 1).toISOString(),
      allowList: ['127.0.0.1'],
      applications: ['one'],
    });
    expect(narrowed.body).toMatchObject({ allowList: ['127.0.0.1'], applications: ['one'] });
    // An empty list is no way out of the parent's.
    expect((await ask({ allowList: [] })).body.allowList).toEqual(parent.allowList);
    // The on-behalf permission of the owner widens nothing: a token makes tokens for its owner alone.
    const adminToken = await server().createToken({ scope: 'read-write' });
    const other = await server()
      .as({ bearer: adminToken.secret })
      .post('/tokens', { description: 'x', scope: 'read-only', owner: 'bob' });
    expectProblem(other, 403, 'exceeds_parent_token');
  });

  it('R33, R34: a token is held to its own allow list and the settings’ at the management API too', async () => {
    const elsewhere = await create({ allowList: ['192.0.2.0/24', '::1', '192.0.2.7-192.0.2.9', '192.0.2.0/24'] });
    expect(elsewhere.allowList).toEqual(['192.0.2.0/24', '::1', '192.0.2.7-192.0.2.9']);
    const answer = await server().as({ bearer: elsewhere.secret }).get('/me');
    expect(expectProblem(answer, 401, 'ip_not_allowed').detail).toContain('127.0.0.1');
    const here = await create({ allowList: ['127.0.0.1'] });
    expect((await server().as({ bearer: here.secret }).get('/me')).status).toBe(200);
    await server().patchSettings({ ipRestriction: { allowList: ['192.0.2.0/24'] } });
    expectProblem(await server().as({ bearer: here.secret }).get('/me'), 401, 'ip_not_allowed');
    // Password logins are not held to it, so that it can be mended.
    expect((await server().admin.get('/settings')).status).toBe(200);
  });

  it('R24: one’s own tokens are listed; what is not one’s own does not exist', async () => {
    const mine = await create();
    const hers = await create({}, asBob);
    expect((await listAll({ limit: '200' }, asAlice)).every((token) => token.owner === 'Alice')).toBe(true);
    expect((await list({ owner: 'bob' }, asAlice)).items).toEqual([]);
    expect((await list({ q: hers.id }, asAlice)).items).toEqual([]);
    for (const answer of [
      await asAlice.get(`/tokens/${hers.id}`),
      await asAlice.patch(`/tokens/${hers.id}`, { description: 'x' }),
      await asAlice.delete(`/tokens/${hers.id}`),
      await asAlice.post(`/tokens/${hers.id}/rotate`),
      await asAlice.get('/tokens/aaaaaaaaaaaa'),
      await asAlice.get(`/tokens/${mine.id.toLowerCase() === mine.id ? mine.id.toUpperCase() : mine.id.toLowerCase()}`),
      await asAlice.get(`/tokens/${encodeURIComponent("' OR 1=1 --")}`),
    ]) {
      expectProblem(answer, 404, 'not_found');
    }
    expect((await asAlice.post('/tokens/revoke', { ids: [hers.id, mine.id] })).body).toEqual({ revoked: 1 });
    expect((await asAlice.post('/tokens/revoke', { owner: 'bob' })).body).toEqual({ revoked: 0 });
    expect((await asBob.get<Token>(`/tokens/${hers.id}`)).body.status).toBe('active');
  });

  it('R24, R58: lists filter by everything the contract names', async () => {
    const mark = unique('filtered');
    const old = await create({ description: `${mark} Größe`, scope: 'read-only', validity: 'P1M' });
    const used = await create({ description: `${mark} 100%_used!`, validity: 'P6M' }, asBob);
    const never = await create({ description: `${mark} last` }, asBob);
    const all = [old, used, never].map((token) => token.id);
    expect((await server().as({ bearer: used.secret }).get('/me')).status).toBe(200);
    await expect.poll(async () => (await server().admin.get<Token>(`/tokens/${used.id}`)).body.useCount).toBe(1);
    const shown = (await server().admin.get<Token>(`/tokens/${used.id}`)).body;
    expect(shown).toMatchObject({ lastUsedAt: expect.stringMatching(INSTANT), lastUsedIp: '127.0.0.1' });
    const lastUsed = shown.lastUsedAt ?? '';
    const shift = (instant: string, ms: number): string => new Date(Date.parse(instant) + ms).toISOString();
    for (const [query, expected] of [
      [{ q: mark }, all],
      [{ q: mark.toUpperCase() }, all],
      [{ q: `${mark} Größe` }, [old.id]],
      [{ q: '100%_USED!' }, [used.id]],
      [{ q: '100_' }, []],
      [{ q: used.id.slice(2, 10) }, [used.id]],
      [{ owner: 'ALICE' }, [old.id]],
      [{ owner: 'bob' }, [used.id, never.id]],
      [{ owner: 'bo' }, []],
      [{ scope: 'read-only' }, [old.id]],
      [{ scope: 'read-write' }, [used.id, never.id]],
      [{ status: 'active' }, all],
      [{ status: 'revoked' }, []],
      [{ neverUsed: 'true' }, [old.id, never.id]],
      [{ neverUsed: 'false' }, [used.id]],
      [{ createdFrom: old.createdAt }, all],
      [{ createdFrom: shift(never.createdAt, 1) }, []],
      [{ createdTo: shift(old.createdAt, -1) }, []],
      [{ createdTo: never.createdAt }, all],
      [{ expiresFrom: old.expiresAt ?? '' }, [old.id, used.id]],
      [{ expiresTo: old.expiresAt ?? '' }, [old.id]],
      [{ expiresFrom: shift(old.expiresAt ?? '', 1) }, [used.id]],
      [{ lastUsedFrom: lastUsed, lastUsedTo: lastUsed }, [used.id]],
      [{ lastUsedTo: shift(lastUsed, -1) }, []],
      [{ createdFrom: old.createdAt.replace('Z', '+00:00'), owner: 'bob', scope: 'read-write' }, [used.id, never.id]],
    ] as const) {
      const found = await listAll({ createdFrom: old.createdAt, q: mark, ...query });
      const ids = found.map((token) => token.id).filter((id) => all.includes(id));
      expect(ids.sort(), JSON.stringify(query)).toEqual([...expected].sort());
    }
  });

  it('R24: lists are sorted and paged without a gap or a repetition, ties and nulls included', async () => {
    const owner = unique('sorter');
    await server().createUser({ username: owner, password: undefined });
    const dates = ['2990-01-01T00:00:00Z', '2980-01-01T00:00:00Z', undefined];
    for (let index = 0; index < 11; index += 1) {
      const expiresAt = dates[index % 3];
      await create(
        { owner, description: `same ${index % 2}`, ...(expiresAt === undefined ? {} : { expiresAt }) },
        server().admin,
      );
    }
    for (const sort of ['createdAt', 'expiresAt', 'lastUsedAt', 'description', 'owner']) {
      const up = await listAll({ owner, sort, limit: '3' });
      const down = await listAll({ owner, sort: `-${sort}`, limit: '4' });
      expect(new Set(up.map((token) => token.id)).size, sort).toBe(11);
      expect(down.map((token) => token.id)).toEqual(up.map((token) => token.id).reverse());
      const values = up.map((token) => String(token[sort as keyof Token] ?? ''));
      expect(values).toEqual([...values].sort());
    }
    const newest = await listAll({ owner });
    expect(newest.map((token) => token.createdAt)).toEqual(
      newest
        .map((token) => token.createdAt)
        .sort()
        .reverse(),
    );
    const page = await list({ owner, limit: '11' });
    expect(page.nextCursor).toBeNull();
    const { nextCursor } = await list({ owner, limit: '1', sort: 'owner' });
    for (const query of [
      { cursor: nextCursor ?? '', sort: 'description' },
      { cursor: nextCursor ?? '' },
      { cursor: `${nextCursor}x`, sort: 'owner' },
      { cursor: 'x' },
      { cursor: '' },
      { cursor: Buffer.from('["owner",{},1]').toString('base64url'), sort: 'owner' },
      { cursor: Buffer.from('["createdAt","text",1]').toString('base64url'), sort: 'createdAt' },
      { cursor: Buffer.from('["owner",1,1]').toString('base64url'), sort: 'owner' },
    ]) {
      const answer = await server().admin.get(`/tokens?${new URLSearchParams(query).toString()}`);
      expect(answer.status, JSON.stringify(query)).toBe(400);
      expectProblem(answer, 400, 'validation_failed');
    }
  });

  it.each([
    'limit=0',
    'limit=201',
    'limit=x',
    'limit=',
    'limit=1.5',
    'limit=0x10',
    'limit=1e1',
    'limit=%205',
    'limit=1&limit=2',
    'scope=write',
    'scope=',
    'status=gone',
    'neverUsed=yes',
    'neverUsed=1',
    'exceedsPolicy=TRUE',
    'sort=secret',
    'sort=-',
    'sort=createdAt,owner',
    'createdFrom=yesterday',
    'createdTo=2020-02-30T00:00:00Z',
    'lastUsedFrom=1',
    'lastUsedTo=',
    'expiresFrom=2020-01-01T00:00:00',
    'expiresTo=x',
    'owner=',
    'owner=a&owner=b',
    'owner[]=a',
    `q=${'x'.repeat(256)}`,
    'q=',
    'unknown=1',
    '__proto__=1',
    'constructor=1',
    'cursor=%00',
  ])('R24: the query %s is a 400', async (query) => {
    expectProblem(await server().admin.get(`/tokens?${query}`), 400, 'validation_failed');
  });

  it('R59: a token is described anew, and nothing else of it can be changed', async () => {
    const made = await create({ scope: 'read-only' });
    const answer = await asAlice.patch<Token>(`/tokens/${made.id}`, { description: 'weekly report' });
    expect(answer.status).toBe(200);
    const { secret: _secret, ...before } = made;
    expect(answer.body).toEqual({ ...before, description: 'weekly report' });
    for (const body of [
      { scope: 'read-write' },
      { description: 'x', scope: 'read-write' },
      { description: null },
      { description: '' },
      { description: 'x'.repeat(256) },
      { owner: 'bob' },
      { expiresAt: null },
      [],
    ]) {
      expectProblem(await asAlice.patch(`/tokens/${made.id}`, body), 400, 'validation_failed');
    }
    // An empty patch changes nothing, as everywhere.
    expect((await asAlice.patch<Token>(`/tokens/${made.id}`, {})).body).toEqual(answer.body);
    expect((await asAlice.get<Token>(`/tokens/${made.id}`)).body).toEqual(answer.body);
  });

  it('R51, R56, R59: a revoked token is refused at once and stays listed', async () => {
    const made = await create();
    const as = server().as({ bearer: made.secret });
    expect((await as.get('/me')).status).toBe(200);
    const revoked = await asAlice.delete(`/tokens/${made.id}`);
    expect({ status: revoked.status, body: revoked.body }).toEqual({ status: 204, body: undefined });
    expectProblem(await as.get('/me'), 401, 'token_revoked');
    const shown = (await asAlice.get<Token>(`/tokens/${made.id}`)).body;
    expect(shown).toMatchObject({
      status: 'revoked',
      revokedAt: expect.stringMatching(INSTANT),
      revokedBy: 'Alice',
    });
    expect((await server().admin.delete(`/tokens/${made.id}`)).status).toBe(204);
    const { revokedAt, revokedBy } = (await asAlice.get<Token>(`/tokens/${made.id}`)).body;
    expect({ revokedAt, revokedBy }).toEqual({ revokedAt: shown.revokedAt, revokedBy: 'Alice' });
    expect((await list({ status: 'revoked', q: made.id })).items).toHaveLength(1);
    // The secret comes before the state: who does not have it learns nothing.
    const guess = `sg_${made.id}_${'0'.repeat(40)}_000000`;
    expectProblem(await server().as({ bearer: guess }).get('/me'), 401, 'credential_invalid');
  });

  it('R59: several tokens are revoked by their ids, or all of one owner', async () => {
    const owner = unique('many');
    await server().createUser({ username: owner, password: undefined });
    const made = await Promise.all([1, 2, 3, 4].map(() => create({ owner }, server().admin)));
    const ids = made.map((token) => token.id);
    const first = await server().admin.post('/tokens/revoke', { ids: [ids[0], ids[1], ids[0], 'aaaaaaaaaaaa'] });
    expect({ status: first.status, body: first.body }).toEqual({ status: 200, body: { revoked: 2 } });
    expect((await server().admin.post('/tokens/revoke', { ids: ids.slice(0, 3) })).body).toEqual({ revoked: 1 });
    const rest = await server().admin.post('/tokens/revoke', { owner: owner.toUpperCase() });
    expect(rest.body).toEqual({ revoked: 1 });
    expect((await server().admin.post('/tokens/revoke', { owner: 'nobody' })).body).toEqual({ revoked: 0 });
    for (const token of made) {
      expectProblem(await server().as({ bearer: token.secret }).get('/me'), 401, 'token_revoked');
    }
    for (const body of [{}, { ids, owner }, { ids: [] }, { ids: ids[0] }, { ids: [1] }, { owner: '' }, { ids: null }]) {
      expectProblem(await server().admin.post('/tokens/revoke', body), 400, 'validation_failed');
    }
  });

  it('R59: a rotated token has a successor with the same properties, and ends with the overlap at the latest', async () => {
    const expiresAt = new Date(Date.now() + 60 * DAY_MS).toISOString();
    const old = await create({ scope: 'read-only', expiresAt, allowList: ['127.0.0.1'], description: 'rotated' });
    const answer = await asAlice.post<CreatedToken>(`/tokens/${old.id}/rotate`, { overlap: 'PT24H' });
    expect(answer.status).toBe(201);
    const successor = answer.body;
    expect(successor).toMatchObject({
      owner: 'Alice',
      createdBy: 'Alice',
      description: 'rotated',
      scope: 'read-only',
      expiresAt,
      allowList: ['127.0.0.1'],
      applications: null,
      status: 'active',
      useCount: 0,
      successorId: null,
    });
    expect(successor.secret).toMatch(SECRET);
    expect(successor.id).not.toBe(old.id);
    const shown = (await asAlice.get<Token>(`/tokens/${old.id}`)).body;
    expect(shown.successorId).toBe(successor.id);
    expect(Math.abs(Date.parse(shown.expiresAt ?? '') - Date.now() - DAY_MS)).toBeLessThan(60_000);
    for (const { secret } of [old, successor]) {
      expect((await server().as({ bearer: secret }).get('/me')).status).toBe(200);
    }
    expectProblem(await asAlice.post(`/tokens/${old.id}/rotate`), 409, 'conflict');
    const second = await asAlice.post<CreatedToken>(`/tokens/${successor.id}/rotate`, {});
    expect(second.status).toBe(201);
    expectProblem(await server().as({ bearer: successor.secret }).get('/me'), 401, 'token_revoked');
    expectProblem(await asAlice.post(`/tokens/${successor.id}/rotate`), 409, 'conflict');
    // The overlap never prolongs a token.
    const brief = await create({ expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
    expect((await asAlice.post(`/tokens/${brief.id}/rotate`, { overlap: 'P2D' })).status).toBe(201);
    expect((await asAlice.get<Token>(`/tokens/${brief.id}`)).body.expiresAt).toBe(brief.expiresAt);
    const other = await create();
    for (const overlap of ['24h', 'PT', 'P1M', '-PT1H', 'P31D', 5, null, '', 'PT99999999999H']) {
      expectProblem(await asAlice.post(`/tokens/${other.id}/rotate`, { overlap }), 400, 'validation_failed');
    }
    expect((await asAlice.get<Token>(`/tokens/${other.id}`)).body.successorId).toBeNull();
  });

  it('R10: a token may rotate only itself', async () => {
    const one = await create();
    const two = await create();
    const as = server().as({ bearer: one.secret });
    expectProblem(await as.post(`/tokens/${two.id}/rotate`), 403, 'exceeds_parent_token');
    const rotated = await as.post<CreatedToken>(`/tokens/${one.id}/rotate`, { overlap: 'PT1H' });
    expect(rotated.status).toBe(201);
    expect((await server().as({ bearer: rotated.body.secret }).get('/me')).status).toBe(200);
  });

  it('R15, R16: a rotation makes a token, so it needs the permission to make one like it', async () => {
    const group = await server().createGroup(unique('creators'));
    const token = await create();
    await server().patchPermissions({ createForSelf: { everyone: false, groups: [group] } });
    expectProblem(await asAlice.post(`/tokens/${token.id}/rotate`), 403, 'create_not_permitted');
    await server().patchPermissions({ createForSelf: { everyone: true, readOnlyOnly: true } });
    expectProblem(await asAlice.post(`/tokens/${token.id}/rotate`), 403, 'scope_not_permitted');
    await server().patchPermissions({ createOnBehalf: { groups: [] } });
    expectProblem(await server().admin.post(`/tokens/${token.id}/rotate`), 403, 'create_on_behalf_not_permitted');
  });

  it('R61: no secret is stored, or shown again to any caller', async () => {
    const made = await create();
    const middle = made.secret.slice(16, 56);
    const rows: unknown = await server()
      .app.get((await import('typeorm')).DataSource)
      .query('SELECT * FROM tokens');
    expect(JSON.stringify(rows)).not.toContain(middle);
    expect(JSON.stringify(rows)).not.toContain(createHash('sha256').update(made.secret).digest('hex'));
    for (const answer of [
      await asAlice.get(`/tokens/${made.id}`),
      await server().admin.get(`/tokens?q=${made.id}`),
      await asAlice.patch(`/tokens/${made.id}`, { description: 'again' }),
    ]) {
      expect(answer.status).toBe(200);
      expect(JSON.stringify(answer.body)).not.toContain(middle);
      expect(JSON.stringify(answer.body)).not.toContain('digest');
    }
  });
});
