import { DataSource } from 'typeorm';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { AuditShipper } from '../../src/audit/audit-shipper.js';
import { Clock } from '../../src/common/time/clock.js';
import { ApplicationsService } from '../../src/applications/applications.service.js';
import type { ProtectedApplication } from '../../src/applications/application.js';
import { DepositCache } from '../../src/identity/deposit.cache.js';
import { DepositEntity } from '../../src/identity/deposit.entity.js';
import { DEPOSIT_SECRETS } from '../../src/identity/deposit-secrets.js';
import type { OpenedDeposit } from '../../src/identity/deposit.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { SecretBox } from '../../src/keys/secret-box.js';
import { SECRETS } from '../../src/config/config.module.js';
import type { Secrets } from '../../src/config/secrets.js';
import type { ProblemBody } from '../support/api.client.js';
import { describeWithMariaDb } from '../support/external-servers.js';
import { request, type RawAnswer } from '../support/raw-client.js';
import { startRecordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import { bearer, startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';
import { createSecrets } from '../support/scopegate.process.js';
import { until } from '../support/until.js';

const FIRST = 'first-personal-access-token';
const SECOND = 'second-personal-access-token';
const PER_USER = { mode: 'credential', perUser: true };

describeWithMariaDb('deposits on two nodes', (mariaDb) => {
  let one: ScopegateFixture;
  let other: ScopegateFixture;
  let upstream: RecordingUpstream;
  let token = '';
  let userId = '';

  beforeAll(async () => {
    upstream = await startRecordingUpstream({ respond: () => ({ body: '{"name":"alice"}' }) });
    const env = {
      ...createSecrets(),
      DATABASE_URL: await mariaDb().createDatabase(),
      SCOPEGATE_ADMIN_PASSWORD: 'a password of the tests',
    };
    one = await startScopegateFixture({ env });
    other = await startScopegateFixture({ env });
    await one.createUser({ username: 'alice', password: 'the password of alice' });
    token = (await one.createToken({ scope: 'read-write', owner: 'alice' })).secret;
    await one.createApplication(application('jira'));
    await until(async () => (await send(other)).status === 403);
  });
  beforeEach(async () => {
    upstream.clear();
    await store(one, FIRST);
    userId = (await row()).userId;
    for (const node of [one, other]) await until(async () => (await send(node)).status === 200);
    upstream.clear();
  });
  afterAll(async () => {
    await one.stop();
    await other.stop();
    await upstream.stop();
  });

  const application = (key: string) => ({
    key,
    upstream: upstream.url,
    mount: { pathPrefix: `/${key}` },
    identity: PER_USER,
  });
  const store = async (node: ScopegateFixture, secret: string): Promise<void> => {
    const own = node.as({ user: 'alice', password: 'the password of alice' });
    expect(await own.put('/me/credentials/jira', { type: 'bearer', secret })).toMatchObject({ status: 200 });
  };
  const send = (node: ScopegateFixture): Promise<RawAnswer> =>
    request({ port: node.port, target: '/jira/rest/api/2/issue/X-1', headers: [bearer(token)] });
  const codeOf = (answer: RawAnswer): string => answer.json<ProblemBody>().code;
  const row = (): Promise<DepositEntity> =>
    one.app.get(DataSource).getRepository(DepositEntity).findOneByOrFail({ application: 'jira' });
  const jiraOf = (node: ScopegateFixture): ProtectedApplication => {
    const found = node.provider(ApplicationsService).byKey('jira');
    if (found === null) throw new Error('The application is there.');
    return found;
  };
  const rememberedBy = (node: ScopegateFixture): OpenedDeposit | null => {
    const found = node.provider(DepositCache).find(jiraOf(node), userId);
    if (found instanceof Promise) throw new Error('It is remembered.');
    return found;
  };

  it('R68: requests go upstream with the deposit alone, and a renewed one replaces it on every node', async () => {
    for (const node of [one, other]) expect((await send(node)).status).toBe(200);
    expect(upstream.requests.map((sent) => sent.headerValues('authorization'))).toEqual([
      [`Bearer ${FIRST}`],
      [`Bearer ${FIRST}`],
    ]);
    for (const sent of upstream.requests) expect(sent.header('x-forwarded-user')).toBeUndefined();
    await store(other, SECOND);
    // At once on the node that took it, and within a second on the other one (R64).
    upstream.clear();
    await send(other);
    expect(upstream.lastRequest?.header('authorization')).toBe(`Bearer ${SECOND}`);
    await until(async () => {
      await send(one);
      return upstream.lastRequest?.header('authorization') === `Bearer ${SECOND}`;
    });
  });

  it('R68: a removed deposit is sent by no node any more', async () => {
    const own = one.as({ user: 'alice', password: 'the password of alice' });
    expect((await own.delete('/me/credentials/jira')).status).toBe(204);
    await until(async () => (await send(other)).status === 403);
    upstream.clear();
    for (const node of [one, other]) expect(codeOf(await send(node))).toBe('upstream_credential_missing');
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R69: a refused deposit is marked once, and sent by no node any more', async () => {
    const refused = rememberedBy(one);
    if (refused === null) throw new Error('There is one.');
    const cache = one.provider(DepositCache);
    for (let time = 0; time < 5; time += 1) cache.noteRejected(jiraOf(one), userId, refused);
    // On this node at once.
    expect(rememberedBy(one)).toMatchObject({ state: 'rejected', lines: [] });
    expect(codeOf(await send(one))).toBe('upstream_credential_rejected');
    await until(async () => (await send(other)).status === 502);
    upstream.clear();
    for (const node of [one, other]) expect(codeOf(await send(node))).toBe('upstream_credential_rejected');
    expect(upstream.bytesReceived).toBe(0);
    const events = await one.events({ application: 'jira', type: 'deposit.changed', user: 'alice' });
    expect(events.filter(({ actor }) => actor === 'system')).toHaveLength(1);
    // Its owner has it tried again.
    const own = other.as({ user: 'alice', password: 'the password of alice' });
    expect(await own.get('/me/credentials')).toMatchObject({ body: { items: [{ state: 'rejected' }] } });
    expect(await own.post('/me/credentials/jira/check')).toMatchObject({ status: 200, body: { state: 'working' } });
    await until(async () => (await send(one)).status === 200);
    // What was under way with it before the check does not mark it again.
    cache.noteRejected(jiraOf(one), userId, refused);
    await store(one, SECOND);
    cache.noteRejected(jiraOf(one), userId, refused);
    expect(await cache.find(jiraOf(one), userId)).toMatchObject({ state: 'working' });
    expect((await row()).isRejected).toBe(false);
  });

  it('R69: another upstream gets no deposit before its owner has confirmed it, on any node', async () => {
    const elsewhere = await startRecordingUpstream({ respond: () => ({ body: '{"name":"alice"}' }) });
    try {
      await other.admin.patch('/applications/jira', { upstream: elsewhere.url });
      expect(codeOf(await send(other))).toBe('upstream_credential_missing');
      await until(async () => (await send(one)).status === 403);
      expect(elsewhere.bytesReceived).toBe(0);
      const own = one.as({ user: 'alice', password: 'the password of alice' });
      expect(await own.post('/me/credentials/jira/check')).toMatchObject({ body: { state: 'working' } });
      await until(async () => (await send(other)).status === 200);
      expect(elsewhere.lastRequest?.header('authorization')).toBe(`Bearer ${FIRST}`);
    } finally {
      await one.admin.patch('/applications/jira', { upstream: upstream.url });
      await elsewhere.stop();
      await until(() => jiraOf(other).target.endpoint === upstream.url);
    }
  });

  it('R68: an application that is made again with the same key and address has none of the deposits', async () => {
    await one.admin.delete('/applications/jira');
    await one.createApplication(application('jira'));
    expect(codeOf(await send(one))).toBe('upstream_credential_missing');
    await until(async () => {
      const answer = await send(other);
      return answer.status === 403 && codeOf(answer) === 'upstream_credential_missing';
    });
    upstream.clear();
    await send(other);
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R69: the last use is written once a minute', async () => {
    const clock = one.provider(Clock);
    await one.provider(AuditShipper).flush();
    await until(async () => (await row()).lastUsedAtMs !== null);
    const first = (await row()).lastUsedAtMs ?? 0;
    expect(Math.abs(clock.nowMs() - first)).toBeLessThan(60_000);
    for (let time = 0; time < 3; time += 1) await send(one);
    await one.provider(AuditShipper).flush();
    const own = one.as({ user: 'alice', password: 'the password of alice' });
    expect(await own.get('/me/credentials')).toMatchObject({
      body: { items: [{ lastUsedAt: new Date((await row()).lastUsedAtMs ?? 0).toISOString() }] },
    });
  });

  it('R68: concurrent requests share one read, and the next ones need none', async () => {
    const cache = one.provider(DepositCache);
    await store(one, SECOND);
    const found = [cache.find(jiraOf(one), userId), cache.find(jiraOf(one), userId)];
    expect(found.map((each) => each instanceof Promise)).toEqual([true, true]);
    const [left, right] = await Promise.all(found.map((each) => Promise.resolve(each)));
    expect(left).toBe(right);
    expect(cache.find(jiraOf(one), userId)).toBe(left);
    expect(left).toMatchObject({ lines: ['Authorization', `Bearer ${SECOND}`] });
  });

  it('R61: deposits move to the newest encryption key, and stay the same', async () => {
    const { encryptionKey } = one.app.get<Secrets>(SECRETS);
    const newest = { id: 7, key: 'the newest encryption key, with enough characters' };
    const box = new SecretBox([newest, ...encryptionKey]);
    const unitOfWork = one.provider(UnitOfWork);
    const before = await row();
    expect(await unitOfWork.run((unit) => DEPOSIT_SECRETS.resealBatch(unit, box, 0))).toMatchObject({ moved: 1 });
    expect([...(await unitOfWork.read((manager) => DEPOSIT_SECRETS.count(manager)))]).toEqual([[7, 1]]);
    const after = await row();
    expect({ ...after, sealed: before.sealed }).toEqual(before);
    expect((await send(one)).status).toBe(200);
    expect(upstream.lastRequest?.header('authorization')).toBe(`Bearer ${FIRST}`);
  });
});
