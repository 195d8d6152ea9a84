import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DataSource, type Repository } from 'typeorm';
import { NodeEntity } from '../../src/database/node.entity.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { NodeRegistry } from '../../src/database/node.registry.js';
import { createApiClient, type ApiClient } from '../support/api.client.js';
import { describeWithMariaDb, describeWithRedis } from '../support/external-servers.js';
import { startRecordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import { startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';
import { createSecrets, startScopegate, type ScopegateProcess } from '../support/scopegate.process.js';
import { createTestApplication, createTestToken } from '../support/test-application.js';

/** Starts of several processes, on a machine that is busy. */
const TIMEOUT_MS = 240_000;

const ADMIN_PASSWORD = 'a password of the tests';

interface Revocation {
  readonly revoked: number;
  readonly confirmedBy: readonly string[];
  readonly missing: readonly string[];
  readonly tookMs: number;
}

describe('the confirmation of a revocation on SQLite', () => {
  let gateway: ScopegateFixture;
  beforeAll(async () => {
    gateway = await startScopegateFixture();
  });
  afterAll(() => gateway.stop());

  it('R78: names the one node there is, and without wait the answers stay as they are', async () => {
    const { id: node } = gateway.provider(NodeRegistry);
    const [one, other, third] = [
      await gateway.createToken({ scope: 'read-only' }),
      await gateway.createToken({ scope: 'read-only' }),
      await gateway.createToken({ scope: 'read-only' }),
    ];
    const answer = await gateway.admin.delete<Revocation>(`/tokens/${one.id}?wait=true`);
    expect([answer.status, answer.body]).toMatchObject([200, { revoked: 1, confirmedBy: [node], missing: [] }]);
    expect(answer.body.tookMs).toBeLessThan(5_000);
    // Once more, as a client does that has lost the answer.
    const again = await gateway.admin.delete<Revocation>(`/tokens/${one.id}?wait=true`);
    expect(again.body).toMatchObject({ revoked: 0, confirmedBy: [node], missing: [] });
    const many = await gateway.admin.post<Revocation>('/tokens/revoke', { ids: [other.id], wait: true });
    expect([many.status, many.body]).toMatchObject([200, { revoked: 1, confirmedBy: [node], missing: [] }]);
    const plain = await gateway.admin.post('/tokens/revoke', { ids: [other.id], wait: false });
    expect([plain.status, plain.body]).toEqual([200, { revoked: 0 }]);
    expect((await gateway.admin.delete(`/tokens/${third.id}?wait=false`)).status).toBe(204);
    expect((await gateway.admin.delete(`/tokens/${third.id}`)).status).toBe(204);
    for (const query of ['wait=yes', 'wait=', 'weit=true']) {
      expect((await gateway.admin.delete(`/tokens/${third.id}?${query}`)).status, query).toBe(400);
    }
    expect((await gateway.admin.post('/tokens/revoke', { ids: [third.id], wait: 'true' })).status).toBe(400);
    expect((await gateway.admin.delete('/tokens/unknown00000?wait=true')).status).toBe(404);
  });

  it('R78: many who wait at once are all answered', async () => {
    const tokens = [];
    for (let index = 0; index < 20; index += 1) tokens.push(await gateway.createToken({ scope: 'read-only' }));
    const answers = await Promise.all(
      tokens.map(({ id }) => gateway.admin.delete<Revocation>(`/tokens/${id}?wait=true`)),
    );
    for (const { body } of answers) expect(body).toMatchObject({ revoked: 1, missing: [] });
  });

  it('R78: waits for a node that keeps reporting itself, whatever the clock of the database says', async () => {
    // Within a transaction of its own: a plain write could be part of another one that is open.
    const change = (work: (rows: Repository<NodeEntity>) => Promise<unknown>): Promise<unknown> =>
      gateway.provider(UnitOfWork).run(({ manager }) => work(manager.getRepository(NodeEntity)));
    const registry = gateway.provider(NodeRegistry);
    const isLive = async (): Promise<boolean | undefined> =>
      (await registry.readNodes()).find(({ id }) => id === 'other')?.isLive;
    const hourAgoMs = Date.now() - 3_600_000;
    await change((rows) => rows.insert({ id: 'other', seenAtMs: hourAgoMs }));
    try {
      expect(await isLive()).toBe(false);
      await change((rows) => rows.update({ id: 'other' }, { seenAtMs: hourAgoMs + 2_000 }));
      expect(await isLive()).toBe(true);
      const { id } = await gateway.createToken({ scope: 'read-only' });
      const { body } = await gateway.admin.delete<Revocation>(`/tokens/${id}?wait=true`);
      expect([body.confirmedBy, body.missing]).toEqual([[registry.id], ['other']]);
    } finally {
      await change((rows) => rows.delete({ id: 'other' }));
    }
  });

  it('R78: writes nothing while no request waits', async () => {
    const { manager } = gateway.provider(DataSource);
    const before = await manager.findOneByOrFail(NodeEntity, { id: gateway.provider(NodeRegistry).id });
    await gateway.createToken({ scope: 'read-only' });
    await sleep(1_000);
    const after = await manager.findOneByOrFail(NodeEntity, { id: gateway.provider(NodeRegistry).id });
    expect([after.actedUpTo, after.actedAtMs]).toEqual([before.actedUpTo, before.actedAtMs]);
  });
});

describeWithMariaDb('the confirmation of a revocation by two nodes', (mariaDb) => {
  let upstream: RecordingUpstream;
  let one: ScopegateProcess;
  let other: ScopegateProcess;
  let admin: ApiClient;
  const started: ScopegateProcess[] = [];

  async function start(env: Readonly<Record<string, string>>): Promise<ScopegateProcess> {
    const node = await startScopegate({ env });
    started.push(node);
    return node;
  }

  async function startBoth(more: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>> {
    const env = {
      ...createSecrets(),
      DATABASE_URL: await mariaDb().createDatabase(),
      SCOPEGATE_ADMIN_PASSWORD: ADMIN_PASSWORD,
      ...more,
    };
    one = await start(env);
    other = await start(env);
    admin = createApiClient(one.url, { user: 'admin', password: ADMIN_PASSWORD });
    await createTestApplication(admin, upstream.url);
    return env;
  }

  async function use(node: ScopegateProcess, secret: string): Promise<number> {
    const answer = await fetch(`${node.url}/app/x`, { headers: { Authorization: `Bearer ${secret}` } });
    await answer.arrayBuffer();
    return answer.status;
  }

  /** Revokes a token that both nodes know, and waits. */
  async function revoke(): Promise<{ readonly answer: Revocation; readonly secret: string }> {
    const { id, secret } = await createTestToken(admin);
    for (const node of [one, other]) await expect.poll(() => use(node, secret)).toBe(200);
    const { status, body } = await admin.delete<Revocation>(`/tokens/${id}?wait=true`);
    expect(status).toBe(200);
    return { answer: body, secret };
  }

  beforeAll(async () => {
    upstream = await startRecordingUpstream();
  });
  afterEach(async () => {
    for (const node of started.splice(0)) await node.stop();
  });
  afterAll(() => upstream.stop());

  it(
    'R78: comes once the other node refuses the token, names a frozen node, and not one that has ended',
    async () => {
      const env = await startBoth({});
      const { answer, secret } = await revoke();
      expect(answer).toMatchObject({ revoked: 1, missing: [] });
      expect(new Set(answer.confirmedBy).size).toBe(2);
      expect(answer.tookMs).toBeLessThan(5_000);
      const before = upstream.requests.length;
      expect([await use(other, secret), await use(one, secret)]).toEqual([401, 401]);
      expect(upstream.requests.length).toBe(before);

      const { id } = await createTestToken(admin);
      process.kill(other.pid, 'SIGSTOP');
      try {
        const frozen = (await admin.post<Revocation>('/tokens/revoke', { ids: [id], wait: true })).body;
        expect(frozen.revoked).toBe(1);
        expect(frozen.confirmedBy).toHaveLength(1);
        expect(frozen.missing).toHaveLength(1);
        expect(new Set([...frozen.confirmedBy, ...frozen.missing])).toEqual(new Set(answer.confirmedBy));
        expect(frozen.tookMs).toBeGreaterThanOrEqual(5_000);
        expect(frozen.tookMs).toBeLessThan(25_000);
      } finally {
        process.kill(other.pid, 'SIGCONT');
      }
      await expect.poll(async () => (await revoke()).answer.missing).toEqual([]);

      // A clean stop removes the row: no request waits for that node.
      expect(await other.stop()).toBe(0);
      const alone = (await admin.delete<Revocation>(`/tokens/${(await createTestToken(admin)).id}?wait=true`)).body;
      expect([alone.confirmedBy.length, alone.missing]).toEqual([1, []]);

      other = await start({ ...env, SCOPEGATE_WORKERS: '2' });
      const withWorkers = (await revoke()).answer;
      expect([withWorkers.confirmedBy.length, withWorkers.missing]).toEqual([3, []]);
    },
    TIMEOUT_MS,
  );

  describeWithRedis('with Redis', (redis) => {
    it(
      'R78: comes at once when the nodes use Redis',
      async () => {
        await startBoth({ REDIS_URL: redis().url });
        const tookMs: number[] = [];
        for (let time = 0; time < 5; time += 1) {
          const { answer } = await revoke();
          expect([answer.confirmedBy.length, answer.missing]).toEqual([2, []]);
          tookMs.push(answer.tookMs);
        }
        process.stdout.write(`acknowledged with Redis within ${tookMs.join(', ')} ms\n`);
      },
      TIMEOUT_MS,
    );
  });
});
