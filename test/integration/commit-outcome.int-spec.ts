import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { AuditService } from '../../src/audit/audit.service.js';
import { ChangeFeed } from '../../src/database/change-feed.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import type { ProblemBody } from '../support/api.client.js';
import { describeOnEachDatabase } from '../support/each-database.js';
import { describeWithMariaDb } from '../support/external-servers.js';
import { startFaultProxy, type FaultProxy } from '../support/fault.proxy.js';
import { request } from '../support/raw-client.js';
import { startRecordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import { bearer, startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';

/** Only the COMMITs of changes, and not those of the audit. */
const LINES_WRITTEN = 'INSERT INTO `change_log`';

describeWithMariaDb('a change whose COMMIT is not answered', (mariaDb) => {
  let gateway: ScopegateFixture;
  let proxy: FaultProxy;
  let upstream: RecordingUpstream;

  beforeAll(async () => {
    upstream = await startRecordingUpstream();
    const url = await mariaDb().createDatabase();
    proxy = await startFaultProxy({ port: mariaDb().port });
    gateway = await startScopegateFixture({ env: { DATABASE_URL: proxy.through(url) } });
    await gateway.createApplication({ key: 'jira', upstream: upstream.url, mount: { pathPrefix: '/jira' } });
  });
  afterEach(async () => {
    proxy.pass();
    // After ten seconds without a database the rules count as out of date until they have been read again.
    while ((await gateway.admin.get('/tokens')).status !== 200) await delay(50);
  });
  afterAll(async () => {
    await gateway.stop();
    await proxy.stop();
    await upstream.stop();
  });

  const use = async (secret: string): Promise<number> =>
    (await request({ port: gateway.port, target: '/jira/rest/api/2/myself', headers: [bearer(secret)] })).status;

  it('R80: is answered as made where it is stored, and acts at once', async () => {
    const { id, secret } = await gateway.createToken({ scope: 'read-only' });
    expect(await use(secret)).toBe(200);
    proxy.failCommit({ fault: 'reset-after', containing: LINES_WRITTEN });
    const revocation = await gateway.admin.delete(`/tokens/${id}`);
    expect(proxy.failedCommits).toBe(1);
    const passed = upstream.requests.length;
    expect(await use(secret)).toBe(401);
    expect(upstream.requests).toHaveLength(passed);
    expect(revocation.status).toBe(204);
  });

  it('R80: is answered with its result where it is stored: a token that was made is shown', async () => {
    proxy.failCommit({ fault: 'reset-after', containing: LINES_WRITTEN });
    const { secret } = await gateway.createToken({ scope: 'read-only' });
    expect(await use(secret)).toBe(200);
  });

  it('R80: is asked for where the answer never comes, and is answered within ten seconds', async () => {
    const { id, secret } = await gateway.createToken({ scope: 'read-only' });
    expect(await use(secret)).toBe(200);
    proxy.failCommit({ fault: 'swallow-answer', containing: LINES_WRITTEN });
    expect((await gateway.admin.delete(`/tokens/${id}`)).status).toBe(204);
    const passed = upstream.requests.length;
    expect(await use(secret)).toBe(401);
    expect(upstream.requests).toHaveLength(passed);
  });

  it('R80: says so where nothing can be found out, and acts as soon as the repeated change is answered', async () => {
    const { id, secret } = await gateway.createToken({ scope: 'read-only' });
    expect(await use(secret)).toBe(200);
    const failedBefore = proxy.failedCommits;
    proxy.failCommit({ fault: 'swallow-answer', containing: LINES_WRITTEN });
    const revocation = gateway.admin.delete<ProblemBody>(`/tokens/${id}`);
    await expect.poll(() => proxy.failedCommits).toBe(failedBefore + 1);
    proxy.swallow();
    const { status, body } = await revocation;
    expect(status).toBe(503);
    expect(body.code).toBe('policy_unavailable');
    expect(body.detail).toContain('did not confirm the change');
    proxy.pass();
    const repeated = async (): Promise<number> => (await gateway.admin.delete(`/tokens/${id}`)).status;
    await expect.poll(repeated).toBe(204);
    const passed = upstream.requests.length;
    // A 503 until the change log has been read again, where that took longer than rules may be old; never a 200.
    await expect.poll(() => use(secret)).toBe(401);
    expect(upstream.requests).toHaveLength(passed);
  });

  it('R80: acts when no repetition comes', async () => {
    const { id, secret } = await gateway.createToken({ scope: 'read-only' });
    expect(await use(secret)).toBe(200);
    const failedBefore = proxy.failedCommits;
    proxy.failCommit({ fault: 'swallow-answer', containing: LINES_WRITTEN });
    const revocation = gateway.admin.delete(`/tokens/${id}`);
    await expect.poll(() => proxy.failedCommits).toBe(failedBefore + 1);
    proxy.swallow();
    expect((await revocation).status).toBe(503);
    proxy.pass();
    await expect.poll(() => use(secret)).toBe(401);
  });

  it('R80: is a 503 where it is not stored, and can be repeated', async () => {
    const { id, secret } = await gateway.createToken({ scope: 'read-only' });
    expect(await use(secret)).toBe(200);
    proxy.failCommit({ fault: 'reset-before', containing: LINES_WRITTEN });
    const revocation = await gateway.admin.delete<ProblemBody>(`/tokens/${id}`);
    expect(revocation).toMatchObject({ status: 503, body: { code: 'policy_unavailable' } });
    expect(await use(secret)).toBe(200);
    expect((await gateway.admin.delete(`/tokens/${id}`)).status).toBe(204);
    expect(await use(secret)).toBe(401);
  });
});

describeOnEachDatabase('a transaction', (server) => {
  it('R59, R62: that is taken back leaves none of its events to the next one', async () => {
    const unitOfWork = server().provider(UnitOfWork);
    const actor = {
      name: 'admin',
      credential: 'password' as const,
      tokenId: null,
      clientIp: null,
      peer: null,
      userAgent: null,
      requestId: 'taken-back',
    };
    const undone = unitOfWork.run(({ manager }) => {
      server().provider(AuditService).recordChange(manager, actor, { type: 'token.revoked', detail: {} });
      throw new Error('It is taken back.');
    });
    await expect(undone).rejects.toThrow('It is taken back.');
    await server().createGroup();
    const events = await server().events({ type: 'token.revoked' });
    expect(events.filter(({ requestId }) => requestId === 'taken-back')).toEqual([]);
  });

  it('R80: is answered only where this node acts on what it has stored', async () => {
    let isReadable = false;
    server()
      .provider(ChangeFeed)
      .subscribe('session', (subjects) => {
        if (subjects !== 'all' && subjects.has('unreadable') && !isReadable) throw new Error('It cannot be read.');
      });
    const change = (): Promise<void> =>
      server()
        .provider(UnitOfWork)
        .run((unit) => Promise.resolve(unit.changed('session', 'unreadable')));
    await expect(change()).rejects.toMatchObject({
      status: 503,
      detail: expect.stringContaining('is stored') as string,
    });
    isReadable = true;
    await expect(change()).resolves.toBeUndefined();
  });
});
