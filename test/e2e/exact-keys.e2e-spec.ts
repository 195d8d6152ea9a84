import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApplicationEntity } from '../../src/applications/application.entity.js';
import { ApplicationsService } from '../../src/applications/applications.service.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { describeOnEachDatabase, unique } from '../support/each-database.js';
import { expectProblem } from '../support/expect-problem.js';
import { startRecordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import { basic, type ScopegateFixture } from '../support/scopegate.fixture.js';
import { request } from '../support/raw-client.js';

let upstream: RecordingUpstream;

beforeAll(async () => {
  upstream = await startRecordingUpstream();
});
afterAll(() => upstream.stop());

/** Names that a collation, a driver or a fold could take for `name`, percent-encoded as in a path. */
function lookalikes(name: string): readonly string[] {
  return [
    ...['%20', '%00', '%00x', '%09', '%C2%A0', '%E3%80%80', '%EF%BF%BD', '.', '%25'].map((end) => name + end),
    `%20${name}`,
    name.replace(/^./, '_'),
    name.replace(/^./, '%25'),
    name.replace('a', '%C3%A0'),
    name.replace('a', 'a%CC%80'),
  ].filter((other) => other !== name);
}

describeOnEachDatabase('equality of keys', (server) => {
  it('R55: PATCH of a key with a blank at its end changes nothing, and no secret is sealed under another name', async () => {
    const key = await server().createApplication({
      key: unique('alpha'),
      kind: 'generic',
      mount: { pathPrefix: `/${unique('alpha')}` },
      upstream: upstream.url,
      identity: { mode: 'headers', headers: { 'X-Api-Key': { secret: 'first-secret' } } },
    });
    const row = await storedApplication(server(), key);
    for (const other of [...lookalikes(key), key.toUpperCase()]) {
      const patch = { identity: { headers: { 'X-Api-Key': { secret: 'second-secret' } } } };
      expectProblem(await server().admin.patch(`/applications/${other}`, patch), 404, 'not_found');
      expectProblem(await server().admin.get(`/applications/${other}`), 404, 'not_found');
      expectProblem(await server().admin.delete(`/applications/${other}`), 404, 'not_found');
    }
    expect(await storedApplication(server(), key)).toEqual(row);
    // What a node does at its start.
    await server().provider(ApplicationsService).onModuleInit();
  });

  it('R44, R55: users, groups, tokens and entries are found by exactly their name or id', async () => {
    const { admin } = server();
    const user = await server().createUser({ username: unique('anna') });
    const group = await server().createGroup(unique('staff'));
    const token = await server().createToken({ scope: 'read-only', owner: user.username });
    await server().patchSettings({ ipRestriction: { allowList: ['127.0.0.0/8', '::1'] } });
    expect((await admin.get(`/users/${user.username.toUpperCase()}`)).status).toBe(200);
    for (const other of lookalikes(user.username)) {
      expectProblem(await admin.get(`/users/${other}`), 404, 'not_found');
      expectProblem(await admin.patch(`/users/${other}`, { displayName: 'x' }), 404, 'not_found');
      expectProblem(await admin.delete(`/users/${other}`), 404, 'not_found');
    }
    for (const other of [...lookalikes(group), group.toUpperCase()]) {
      expectProblem(await admin.delete(`/groups/${other}`), 404, 'not_found');
      expectProblem(await admin.put(`/groups/${other}/members/${user.username}`), 404, 'not_found');
    }
    for (const other of [...lookalikes(token.id), swapCase(token.id), 'x'.repeat(5_000)]) {
      expectProblem(await admin.get(`/tokens/${other}`), 404, 'not_found');
      expectProblem(await admin.delete(`/tokens/${other}`), 404, 'not_found');
    }
    for (const ids of [[`${token.id} `], [swapCase(token.id)], ['\ud800'], [`${token.id}\0`]]) {
      expect([200, 400]).toContain((await admin.post('/tokens/revoke', { ids })).status);
    }
    expect((await admin.get<{ status: string }>(`/tokens/${token.id}`)).body.status).toBe('active');
    expectProblem(await admin.delete('/settings/allow-list/%3A%3A1%00'), 404, 'not_found');
    await server().patchSettings({ ipRestriction: { allowList: [] } });
  });

  it.each(['%00', '%', '_', '\\', '!', "'", '"', '*', '\ufffd', '😀', '%00x'].map((text) => [text]))(
    'R55: %j in a search means itself and nothing else',
    async (text) => {
      const written = text.replaceAll('%00', '\0');
      const plain = await server().createToken({ scope: 'read-only', description: unique('plain') });
      const description = unique(`with ${text.replaceAll('%00', '')}x`);
      const holding = await server().createToken({ scope: 'read-only', description });
      const query = new URLSearchParams({ q: written, limit: '200' }).toString();
      const tokens = await server().admin.get<{ items: { id: string }[] }>(`/tokens?${query}`);
      expect(tokens.status).toBe(200);
      const found = tokens.body.items.map((item) => item.id);
      expect(found).not.toContain(plain.id);
      expect(found.includes(holding.id)).toBe(!written.includes('\0'));
      const events = await server().admin.get<{ items: { tokenId: string }[] }>(`/audit-events?${query}`);
      expect(events.status).toBe(200);
      expect(events.body.items.map((item) => item.tokenId)).not.toContain(plain.id);
      for (const path of ['/users', '/audit-events/export']) {
        expect((await server().admin.get(`${path}?${new URLSearchParams({ q: written }).toString()}`)).status).toBe(
          200,
        );
      }
    },
  );

  it.each(['user', 'tokenId', 'application', 'code'])('R58: the filter %s finds exactly its value', async (filter) => {
    const key = await server().createApplication({
      key: unique('audited'),
      kind: 'generic',
      mount: { pathPrefix: `/${unique('audited')}` },
      upstream: upstream.url,
    });
    const user = await server().createUser({ username: unique('ada') });
    const token = await server().createToken({ scope: 'read-only', owner: user.username, description: 'of audit' });
    await server().admin.get(`/tokens/self`, { credential: { user: user.username, token: token.secret } });
    await server().admin.get(`/tokens/self`, { credential: { user: user.username, token: `${token.secret}x` } });
    const values = { user: user.username, tokenId: token.id, application: key, code: 'token_malformed' };
    const value = values[filter as keyof typeof values];
    expect((await server().events({ [filter]: value })).length).toBeGreaterThan(0);
    for (const other of [
      `${value}\0`,
      '\0',
      value.slice(1),
      '%',
      '_'.repeat(value.length),
      `${value.slice(0, 10)}\0`,
    ]) {
      const query = new URLSearchParams({ [filter]: other }).toString();
      const answer = await server().admin.get<{ items: unknown[] }>(`/audit-events?${query}`);
      expect([200, 400], JSON.stringify(other)).toContain(answer.status);
      if (answer.status === 200) expect(answer.body.items, JSON.stringify(other)).toEqual([]);
    }
  });

  it('R44: the tokens of an owner are found in any case, whatever the letters', async () => {
    const user = await server().createUser({ username: unique('JÜRGEN') });
    const token = await server().createToken({ scope: 'read-only', owner: user.username });
    await server().admin.delete(`/users/${encodeURIComponent(user.username)}`);
    const find = async (owner: string): Promise<readonly string[]> => {
      const query = new URLSearchParams({ owner }).toString();
      const answer = await server().admin.get<{ items: { id: string }[] }>(`/tokens?${query}`);
      expect(answer.status).toBe(200);
      return answer.body.items.map((item) => item.id);
    };
    expect(await find(user.username.toLowerCase())).toEqual([token.id]);
    for (const other of [`${user.username} `, `${user.username}\0`, user.username.replace('Ü', 'U'), '%', '\0']) {
      expect(await find(other)).toEqual([]);
    }
  });

  it('R111: a stored secret that does not open closes its application and no other one', async () => {
    const make = (): Promise<string> =>
      server().createApplication({
        key: unique('sealed'),
        kind: 'generic',
        mount: { pathPrefix: `/${unique('sealed')}` },
        upstream: upstream.url,
        identity: { mode: 'headers', headers: { 'X-User': '{username}', 'X-Api-Key': { secret: 'the-secret' } } },
      });
    const broken = await make();
    const sound = await make();
    const token = await server().createToken({ scope: 'read-only' });
    // A box that was copied from another row opens nowhere else.
    const [row, other] = [await storedApplication(server(), broken), await storedApplication(server(), sound)];
    const foreign = (other.body as { identity: unknown }).identity;
    await server()
      .provider(UnitOfWork)
      .run(({ manager }) =>
        manager.update(ApplicationEntity, { key: broken }, { body: { ...row.body, identity: foreign } }),
      );
    await server().provider(ApplicationsService).onModuleInit();

    const before = upstream.requests.length;
    const answer = await get(server(), row, token.secret);
    expect([answer.status, answer.text()]).toEqual([503, expect.stringContaining('policy_unavailable')]);
    expect(upstream.requests).toHaveLength(before);
    expect((await get(server(), other, token.secret)).status).toBe(200);
    const shown = await server().admin.get<{ warnings: { code: string }[] }>(`/applications/${broken}`);
    expect(shown.body.warnings.map((warning) => warning.code)).toContain('application_closed');
    expect(JSON.stringify(shown.body)).not.toContain('the-secret');
    const explained = await server().admin.post('/explain', {
      application: broken,
      method: 'GET',
      path: '/',
      peer: '127.0.0.1',
      headers: [],
    });
    expectProblem(explained, 503, 'policy_unavailable');

    const mended = { identity: { headers: { 'X-Api-Key': { secret: 'a-new-secret' } } } };
    expect((await server().admin.patch(`/applications/${broken}`, mended)).status).toBe(200);
    expect((await get(server(), row, token.secret)).status).toBe(200);
    expect(upstream.lastRequest?.header('X-Api-Key')).toBe('a-new-secret');
  });
});

async function storedApplication(server: ScopegateFixture, key: string): Promise<ApplicationEntity> {
  const row = await server.provider(DataSource).manager.findOneByOrFail(ApplicationEntity, { key });
  expect(row.key).toBe(key);
  return row;
}

function get(server: ScopegateFixture, row: ApplicationEntity, secret: string): ReturnType<typeof request> {
  const { pathPrefix } = (row.body as { mount: { pathPrefix: string } }).mount;
  return request({ port: server.port, target: `${pathPrefix}/x`, headers: [['Host', 'x'], basic('admin', secret)] });
}

function swapCase(text: string): string {
  return [...text]
    .map((letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()))
    .join('');
}
