import { MoreThan } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { IdempotentAnswers } from '../../src/database/idempotent-answers.js';
import { IdempotentAnswerEntity } from '../../src/database/idempotent-answer.entity.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { readSource } from '../architecture/source-tree.js';
import type { ApiClient } from '../support/api.client.js';
import { describeOnEachDatabase, unique } from '../support/each-database.js';
import { startRecordingUpstream } from '../support/recording-upstream.js';
import type { ScopegateFixture } from '../support/scopegate.fixture.js';

type Made = Readonly<Record<string, unknown>>;

/** Every call that makes something, with a body that it takes. */
const CALLS: Readonly<
  Record<string, (server: ScopegateFixture) => Promise<readonly [path: string, body: object, caller?: ApiClient]>>
> = {
  '/api/v1/tokens': () => Promise.resolve(['/tokens', { scope: 'read-only', description: unique('once') }]),
  '/api/v1/tokens/{id}/rotate': async (server) => [
    `/tokens/${(await server.createToken({ scope: 'read-only' })).id}/rotate`,
    { overlap: 'PT1H' },
  ],
  '/api/v1/tokens/self/rotate': async (server) => {
    const { secret } = await server.createToken({ scope: 'read-only' });
    return ['/tokens/self/rotate', { overlap: 'PT1H' }, server.as({ bearer: secret })];
  },
  '/api/v1/users': () => Promise.resolve(['/users', { username: unique('once'), password: 'correct horse battery' }]),
  '/api/v1/groups': () => Promise.resolve(['/groups', { name: unique('once') }]),
  '/api/v1/settings/allow-list': () => Promise.resolve(['/settings/allow-list', { entry: '192.0.2.77' }]),
  '/api/v1/directories': () => {
    const key = unique('once');
    return Promise.resolve([
      '/directories',
      {
        key,
        name: key,
        url: 'ldap://127.0.0.1:389',
        bindDn: 'cn=reader,dc=example,dc=com',
        bindPassword: 'correct horse battery',
        userBase: 'ou=people,dc=example,dc=com',
      },
    ]);
  },
  '/api/v1/applications': async () => {
    const upstream = await startRecordingUpstream();
    await upstream.stop();
    const key = unique('once');
    return [
      '/applications',
      { key, name: key, kind: 'generic', mount: { pathPrefix: `/${key}` }, upstream: upstream.url },
    ];
  },
};

/** Makes something too, but answers with a new cookie, which no retry may have: it takes no key. */
const WITHOUT_KEY = ['/api/v1/session'];

const withKey = (key: string): { headers: Record<string, string> } => ({ headers: { 'Idempotency-Key': key } });

describe('Idempotency-Key', () => {
  it('R66, R80: is tested with every call that makes something', () => {
    const { paths } = JSON.parse(readSource('docs/openapi.json')) as {
      paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
    };
    const creating = Object.entries(paths).filter(([, operations]) => '201' in (operations['post']?.responses ?? {}));
    expect(creating.map(([path]) => path).sort()).toEqual([...Object.keys(CALLS), ...WITHOUT_KEY].sort());
  });
});

describeOnEachDatabase('Idempotency-Key', (server) => {
  it.each(Object.keys(CALLS))('R80: %s makes it once, and answers a retry without the secret', async (name) => {
    const [path, body, caller = server().admin] = (await CALLS[name]?.(server())) ?? ['', {}];
    const key = unique('key');
    const first = await caller.post<Made>(path, body, withKey(key));
    expect([first.status, first.headers.get('idempotent-replay')]).toEqual([201, null]);
    const retry = await caller.post<Made>(path, body, withKey(key));
    expect([retry.status, retry.headers.get('idempotent-replay')]).toEqual([201, 'true']);
    const { secret, ...shown } = first.body;
    expect(retry.body).toEqual(shown);
    if (path.startsWith('/tokens')) expect(secret).toMatch(/^sg_/);
    expect(retry.headers.get('location')).toBe(first.headers.get('location'));
    expect(retry.headers.get('etag')).toBe(first.headers.get('etag'));
    const other = await caller.post<{ code: string }>(path, { ...body, another: 1 }, withKey(key));
    expect([other.status, other.body.code]).toEqual([409, 'conflict']);
    await server().admin.delete('/settings/allow-list/192.0.2.77');
  });

  it('R80, R123: two tokens of one user rotate themselves with the same key', async () => {
    const key = unique('key');
    const tokens = [
      await server().createToken({ scope: 'read-only' }),
      await server().createToken({ scope: 'read-only' }),
    ];
    const answers = await Promise.all(
      tokens.map(({ secret }) => server().as({ bearer: secret }).post<Made>('/tokens/self/rotate', {}, withKey(key))),
    );
    expect(answers.map(({ status, headers }) => [status, headers.get('idempotent-replay')])).toEqual([
      [201, null],
      [201, null],
    ]);
    expect(new Set(answers.map(({ body }) => body['id'])).size).toBe(2);
  });

  it('R80: requests with one key at the same time make one thing', async () => {
    const description = unique('together');
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        server().admin.post<Made>('/tokens', { scope: 'read-only', description }, withKey(description)),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 201));
    expect(new Set(answers.map(({ body }) => body['id'])).size).toBe(1);
    expect(answers.filter(({ body }) => 'secret' in body)).toHaveLength(1);
    const list = await server().admin.get<{ items: unknown[] }>(`/tokens?q=${description}`);
    expect(list.body.items).toHaveLength(1);

    const name = unique('together');
    const groups = await Promise.all(
      Array.from({ length: 4 }, () => server().admin.post('/groups', { name }, withKey(name))),
    );
    expect(groups.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
  });

  it('R80: the order of members does not make another body, and another caller or path has keys of its own', async () => {
    const key = unique('key');
    const description = unique('own');
    const first = await server().admin.post<Made>('/tokens', { scope: 'read-only', description }, withKey(key));
    const same = await server().admin.post<Made>('/tokens', { description, scope: 'read-only' }, withKey(key));
    expect(same.body['id']).toBe(first.body['id']);
    const user = await server().createUser();
    const other = await server()
      .as({ user: user.username, password: user.password })
      .post<Made>('/tokens', { scope: 'read-only', description }, withKey(key));
    expect([other.status, other.headers.get('idempotent-replay')]).toEqual([201, null]);
    expect(other.body['owner']).toBe(user.username);
    const group = await server().admin.post('/groups', { name: description }, withKey(key));
    expect([group.status, group.headers.get('idempotent-replay')]).toEqual([201, null]);
  });

  it.each([['', 'a b', 'ä', 'x'.repeat(65), 'a,b', 'a/b']].flat())(
    'R80: the key %j is a 400 that names the header, and makes nothing',
    async (key) => {
      const description = unique('bad');
      const answer = await fetch(`${server().admin.url}/tokens`, {
        method: 'POST',
        headers: {
          Authorization: `Basic ${Buffer.from(`admin:${server().adminPassword}`).toString('base64')}`,
          'Content-Type': 'application/json',
          'Idempotency-Key': Buffer.from(key).toString('latin1'),
        },
        body: JSON.stringify({ scope: 'read-only', description }),
      });
      const problem = (await answer.json()) as { code: string; detail: string };
      expect([answer.status, problem.code]).toEqual([400, 'validation_failed']);
      expect(problem.detail).toContain('Idempotency-Key');
      const list = await server().admin.get<{ items: unknown[] }>(`/tokens?q=${description}`);
      expect(list.body.items).toEqual([]);
    },
  );

  it('R80: a refused call keeps no key, and a key stands for nothing after a day', async () => {
    const key = unique('key');
    const refused = await server().admin.post('/tokens', { scope: 'none' }, withKey(key));
    expect(refused.status).toBe(400);
    const body = { scope: 'read-only', description: unique('later') };
    const first = await server().admin.post<Made>('/tokens', body, withKey(key));
    expect(first.status).toBe(201);
    const dayMs = 24 * 3_600_000 + 1_000;
    const database = server().provider(UnitOfWork);
    await database.run(({ manager }) =>
      manager.decrement(IdempotentAnswerEntity, { createdAtMs: MoreThan(0) }, 'createdAtMs', dayMs),
    );
    const next = await server().admin.post<Made>('/tokens', body, withKey(key));
    expect([next.status, next.headers.get('idempotent-replay')]).toEqual([201, null]);
    expect(next.body['id']).not.toBe(first.body['id']);
    await server().provider(IdempotentAnswers).purgeBatch(Date.now());
    const rows = await database.read((manager) => manager.find(IdempotentAnswerEntity));
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(String(next.body['secret']));
  });
});
