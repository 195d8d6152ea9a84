import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EMPTY_EVENT, encodeEvent, type AuditEvent } from '@scopegate/audit';
import { parseSession, type SessionId } from '@scopegate/token';
import { AuditChain } from '../../src/audit/audit-chain.js';
import { AuditChainEntity } from '../../src/audit/audit-chain.entity.js';
import { AuditEventEntity } from '../../src/audit/audit-event.entity.js';
import { ChangeEntity } from '../../src/database/change.entity.js';
import { LeaseService } from '../../src/database/lease.service.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { SessionCache } from '../../src/tokens/session.cache.js';
import { SessionsService } from '../../src/tokens/sessions.service.js';
import { TokenSessionEntity } from '../../src/tokens/token-session.entity.js';
import { TokenPurgeJob } from '../../src/tokens/token-purge.job.js';
import { TokenPurger } from '../../src/tokens/token.purger.js';
import { TokenEntity } from '../../src/tokens/token.entity.js';
import { describeOnEachDatabaseWith, restoreRules, unique } from '../support/each-database.js';
import { describeWithMariaDb } from '../support/external-servers.js';
import { fixClock } from '../support/fixed-clock.js';
import {
  startScopegateFixture,
  type ScopegateFixture,
  type TestEvent,
  type TestToken,
} from '../support/scopegate.fixture.js';
import { createSecrets } from '../support/scopegate.process.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Stands still where it is put; put forward from one test to the next, because what is kept is a matter of time. */
let nowMs = Date.now();

function fromNow(ms: number): string {
  return new Date(nowMs + ms).toISOString();
}

/** The stored row of a new token that is over since then, made without a request. */
function endedToken(endedAtMs: number, change: Partial<TokenEntity> = {}): Omit<TokenEntity, 'sequence'> {
  return {
    id: randomBytes(6).toString('hex'),
    digest: randomBytes(32).toString('hex'),
    pepperVersion: 1,
    hint: 'sg_',
    ownerId: 'nobody',
    ownerName: 'nobody',
    ownerKey: 'nobody',
    creatorId: 'nobody',
    createdBy: 'nobody',
    description: 'ended',
    scope: 'read-only',
    createdAtMs: endedAtMs - DAY_MS,
    expiresAtMs: endedAtMs,
    revokedAtMs: null,
    revokedBy: null,
    lastUsedAtMs: null,
    lastUsedIp: null,
    useCount: 0,
    allowList: null,
    applications: null,
    successorId: null,
    ...change,
  };
}

async function insertEnded(server: ScopegateFixture, count: number, endedAtMs: number): Promise<readonly string[]> {
  const rows = Array.from({ length: count }, () => endedToken(endedAtMs));
  for (let start = 0; start < count; start += 100) {
    const part = rows.slice(start, start + 100);
    await server.provider(UnitOfWork).run(({ manager }) => manager.insert(TokenEntity, part));
  }
  return rows.map((row) => row.id);
}

/** The code that a call to the management API with a token is refused with, or its status. */
async function answerTo(server: ScopegateFixture, token: TestToken): Promise<string | number> {
  const answer = await server.as({ bearer: token.secret }).get<{ code?: string }>('/me');
  return answer.body.code ?? answer.status;
}

async function statusOf(server: ScopegateFixture, token: TestToken): Promise<string | number> {
  const answer = await server.admin.get<TestToken>(`/tokens/${token.id}`);
  return answer.status === 200 ? answer.body.status : answer.status;
}

function purgedEvents(server: ScopegateFixture, tokenId: string): Promise<readonly TestEvent[]> {
  return server.events({ type: 'token.purged', tokenId });
}

/** How often each of these tokens has been encodeEvent as purged. */
async function timesPurged(server: ScopegateFixture, ids: readonly string[]): Promise<readonly number[]> {
  const rows = await server.provider(DataSource).manager.find(AuditEventEntity, {
    select: { tokenId: true },
    where: { type: 'token.purged' },
  });
  const counts = new Map<string, number>();
  for (const { tokenId } of rows) counts.set(tokenId ?? '', (counts.get(tokenId ?? '') ?? 0) + 1);
  return ids.map((id) => counts.get(id) ?? 0);
}

/**
 * Stores events of these times as a chain of its own.
 * @returns its name
 */
async function insertEvents(server: ScopegateFixture, atMs: readonly number[]): Promise<string> {
  const name = unique('chain');
  const chain = server.provider(AuditChain);
  await server.provider(UnitOfWork).run(async ({ manager }) => {
    const head = await chain.lockHead(manager, name);
    const end = await chain.append(
      manager,
      head,
      atMs.map((at) => encodeEvent(eventOf(at))),
    );
    await manager.update(AuditChainEntity, { chain: name }, end);
  });
  return name;
}

function eventOf(atMs: number): AuditEvent {
  return {
    ...EMPTY_EVENT,
    id: randomBytes(13).toString('hex'),
    atMs,
    count: 1,
    type: 'authentication.succeeded',
    outcome: 'allowed',
    actor: 'anna',
    method: 'GET',
    path: '/',
    status: 200,
    durationMs: 1,
  };
}

function storedEvents(server: ScopegateFixture, chain: string): Promise<readonly AuditEventEntity[]> {
  const { manager } = server.provider(DataSource);
  return manager.find(AuditEventEntity, { where: { chain }, order: { chainSequence: 'ASC' } });
}

/** Days pass between two polls of the change log: a node that might not be alone would refuse until the next one (R80). */
const SINGLE_NODE = { SCOPEGATE_SINGLE_NODE: 'true' };

describeOnEachDatabaseWith(SINGLE_NODE, 'purging', (server) => {
  const purge = (): Promise<unknown> => server().provider(TokenPurgeJob).purgeOnce();

  beforeEach(() => {
    // Far from what the test before has looked at.
    nowMs += 3 * DAY_MS;
    fixClock(server(), () => nowMs);
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    await restoreRules(server());
  });

  it('R31, R65: an expired token stays listed as expired until the retention time has passed', async () => {
    const token = await server().createToken({ scope: 'read-only', expiresAt: fromNow(HOUR_MS) });
    expect(await answerTo(server(), token)).toBe(200);
    nowMs += HOUR_MS;
    expect(await answerTo(server(), token)).toBe('token_expired');
    await purge();
    expect(await statusOf(server(), token)).toBe('expired');
    nowMs += 30 * DAY_MS - 1;
    await purge();
    expect(await statusOf(server(), token)).toBe('expired');
    expect(await purgedEvents(server(), token.id)).toEqual([]);

    nowMs += 1;
    await purge();
    expect(await statusOf(server(), token)).toBe(404);
    expect(await answerTo(server(), token)).toBe('credential_invalid');
    await purge();
    const events = await purgedEvents(server(), token.id);
    expect(events).toEqual([
      expect.objectContaining({
        outcome: 'changed',
        actor: 'system',
        owner: 'admin',
        tokenScope: 'read-only',
        detail: { ended: 'expired', token: expect.objectContaining({ id: token.id }) as unknown },
      }),
    ]);
    expect(JSON.stringify(events)).not.toContain('digest');
  });

  it('R65: a revoked token is purged so long after its revocation, whenever it would have expired', async () => {
    const token = await server().createToken({ scope: 'read-write', validity: 'never' });
    await server().revokeToken(token.id);
    nowMs += 30 * DAY_MS - 1;
    await purge();
    expect(await statusOf(server(), token)).toBe('revoked');
    nowMs += 1;
    await purge();
    expect(await statusOf(server(), token)).toBe(404);
    expect(await purgedEvents(server(), token.id)).toEqual([
      expect.objectContaining({ detail: expect.objectContaining({ ended: 'revoked' }) as unknown }),
    ]);
  });

  it('R65, R58: what the audit recorded of a token outlives it', async () => {
    const token = await server().createToken({ scope: 'read-only', expiresAt: fromNow(HOUR_MS) });
    expect(await answerTo(server(), token)).toBe(200);
    nowMs += 31 * DAY_MS;
    await purge();
    const types = (await server().events({ tokenId: token.id })).map((event) => event.type);
    expect(types[0]).toBe('token.purged');
    expect(types).toContain('token.created');
    expect(types).toContain('authentication.succeeded');
  });

  it('R65: with a retention of 0 days a token goes with the next run, and one in force never', async () => {
    await server().patchSettings({ purge: { expiredTokensAfterDays: 0 } });
    const kept = await server().createToken({ scope: 'read-only', expiresAt: fromNow(HOUR_MS + 1) });
    const endless = await server().createToken({ scope: 'read-only', validity: 'never' });
    const expired = await server().createToken({ scope: 'read-only', expiresAt: fromNow(HOUR_MS) });
    const revoked = await server().createToken({ scope: 'read-only', validity: 'never' });
    await server().revokeToken(revoked.id);
    nowMs += HOUR_MS;
    await purge();
    expect(await statusOf(server(), expired)).toBe(404);
    expect(await statusOf(server(), revoked)).toBe(404);
    expect(await answerTo(server(), kept)).toBe(200);
    expect(await answerTo(server(), endless)).toBe(200);
  });

  it('R65: a retention that is made longer keeps what the shorter one would have removed', async () => {
    const token = await server().createToken({ scope: 'read-only', expiresAt: fromNow(HOUR_MS) });
    await server().patchSettings({ purge: { expiredTokensAfterDays: 36_500 } });
    nowMs += 3_000 * DAY_MS;
    await purge();
    expect(await statusOf(server(), token)).toBe('expired');
    nowMs -= 3_000 * DAY_MS;
  });

  it('R65, R32: a token that only a setting has ended is kept, and good again when the setting is taken back', async () => {
    const token = await server().createToken({ scope: 'read-only', validity: 'never' });
    await server().patchSettings({
      tokenValidity: { maximum: 'P1M', applyAtUse: true },
      purge: { expiredTokensAfterDays: 0 },
    });
    nowMs += 60 * DAY_MS;
    await purge();
    expect(await answerTo(server(), token)).toBe('token_expired');
    expect(await statusOf(server(), token)).toBe('expired');
    await server().patchSettings({ tokenValidity: { maximum: 'never' } });
    expect(await answerTo(server(), token)).toBe(200);
  });

  it('R65: more tokens than fit in a batch go in one run, each with one event, and requests go on meanwhile', async () => {
    const ids = await insertEnded(server(), 450, nowMs - 40 * DAY_MS);
    let isPurging = true;
    const run = purge().finally(() => (isPurging = false));
    let slowestMs = 0;
    let answered = 0;
    while (isPurging) {
      const startedMs = performance.now();
      // A token that is not in memory: its reading waits for its turn at the database.
      const answer = await server().admin.get(`/tokens/${unique('none').slice(0, 12)}`);
      expect(answer.status).toBe(404);
      slowestMs = Math.max(slowestMs, performance.now() - startedMs);
      answered += 1;
    }
    await run;
    expect(await timesPurged(server(), ids)).toEqual(ids.map(() => 1));
    expect(answered).toBeGreaterThan(3);
    expect(slowestMs).toBeLessThan(10_000);
  });

  it('R65, R59: a token whose event cannot be stored stays', async () => {
    const [id] = await insertEnded(server(), 1, nowMs - 40 * DAY_MS);
    const broken = vi.spyOn(server().provider(AuditChain), 'append').mockRejectedValue(new Error('full'));
    await expect(server().provider(TokenPurger).purgeBatch(nowMs)).rejects.toThrow('full');
    expect(
      await server()
        .provider(DataSource)
        .manager.countBy(TokenEntity, { id: id ?? '' }),
    ).toBe(1);
    broken.mockRestore();
    await purge();
    expect(await timesPurged(server(), [id ?? ''])).toEqual([1]);
  });

  it('R65: what cannot be removed keeps the rest from nothing', async () => {
    const [id] = await insertEnded(server(), 1, nowMs - 40 * DAY_MS);
    vi.spyOn(server().provider(SessionsService), 'purgeBatch').mockRejectedValue(new Error('locked'));
    await expect(purge()).rejects.toThrow('locked');
    expect(await timesPurged(server(), [id ?? ''])).toEqual([1]);
  });

  const idOf = (session: string): SessionId => parseSession(session)?.id ?? ('' as SessionId);

  const sessionsOf = (token: { readonly id: string }): Promise<number> =>
    server().provider(DataSource).manager.countBy(TokenSessionEntity, { tokenId: token.id });

  it('R11, R65: the sessions of a token go with it', async () => {
    const sessions = server().provider(SessionsService);
    const token = await server().createToken({ scope: 'read-only', expiresAt: fromNow(HOUR_MS) });
    nowMs += 31 * DAY_MS;
    const value = await sessions.open(token.id);
    await purge();
    expect(await statusOf(server(), token)).toBe(404);
    expect(await sessionsOf(token)).toBe(0);
    expect(await sessions.lookUp(idOf(value), value)).toEqual({ found: false, hasEnded: true });
  });

  it('R11: a session ends after 12 hours without use, goes with the purge, and lives on while it is used', async () => {
    const sessions = server().provider(SessionsService);
    const token = await server().createToken({ scope: 'read-only' });
    const [used, unused] = [await sessions.open(token.id), await sessions.open(token.id)];
    const isFound = async (value: string): Promise<boolean> => (await sessions.lookUp(idOf(value), value)).found;
    nowMs += 12 * HOUR_MS - 1;
    expect(await isFound(unused)).toBe(true);
    expect(await isFound(used)).toBe(true);
    sessions.noteUse(idOf(used));
    await server().provider(SessionCache).store();
    nowMs += 1;
    expect(await isFound(unused)).toBe(false);
    expect(await isFound(used)).toBe(true);
    nowMs += 10 * 60_000;
    await purge();
    expect(await sessionsOf(token)).toBe(2);
    nowMs += 1;
    await purge();
    expect(await sessionsOf(token)).toBe(1);
    expect(await isFound(used)).toBe(true);
    // Another node, or this one after a restart, reads what has been written of its use.
    nowMs += 11 * HOUR_MS;
    expect(await isFound(used)).toBe(true);
    nowMs += HOUR_MS;
    expect(await isFound(used)).toBe(false);
  });

  it('R11: of one token 100 sessions live at a time, and the one that was not used for longest makes room', async () => {
    const sessions = server().provider(SessionsService);
    const token = await server().createToken({ scope: 'read-only' });
    const values: string[] = [];
    for (let count = 0; count < 102; count += 1) {
      nowMs += 1;
      values.push(await sessions.open(token.id));
    }
    expect(await sessionsOf(token)).toBe(100);
    const found = await Promise.all(values.map(async (value) => sessions.lookUp(idOf(value), value)));
    expect(found.map((lookup) => lookup.found)).toEqual([false, false, ...Array.from({ length: 100 }, () => true)]);
  });

  it('R60: audit events go by their age, in batches, and no event records it', async () => {
    await server().patchSettings({ audit: { retentionDays: 7 } });
    const oldMs = nowMs - 7 * DAY_MS - 1;
    const chain = await insertEvents(server(), [
      ...Array.from({ length: 250 }, () => oldMs),
      // One whose clock went wrong keeps what comes after it, until it is old enough itself.
      nowMs - 7 * DAY_MS,
      oldMs,
      nowMs,
    ]);
    const other = await insertEvents(server(), [oldMs, oldMs, nowMs - DAY_MS]);
    await purge();
    const left = await storedEvents(server(), chain);
    expect(left.map((event) => event.chainSequence)).toEqual([251, 252, 253]);
    expect(left.every((event) => server().provider(AuditChain).isIntact(event))).toBe(true);
    expect((await storedEvents(server(), other)).map((event) => event.chainSequence)).toEqual([3]);
    const heads = server().provider(DataSource).getRepository(AuditChainEntity);
    expect(await heads.findOneBy({ chain })).toMatchObject({ sequence: 253, purgedSequence: 250 });
    expect(await server().events({ from: fromNow(0), outcome: 'changed' })).toHaveLength(1);

    nowMs += 1;
    await purge();
    expect((await storedEvents(server(), chain)).map((event) => event.chainSequence)).toEqual([253]);
    nowMs += 8 * DAY_MS;
    await purge();
    expect(await storedEvents(server(), chain)).toEqual([]);
    expect(await storedEvents(server(), other)).toEqual([]);
    expect(await heads.findOneBy({ chain })).toMatchObject({ sequence: 253, purgedSequence: 253 });
  });

  it('R60: events that a crash has kept from removal go with the next ones', async () => {
    await server().patchSettings({ audit: { retentionDays: 7 } });
    const chain = await insertEvents(server(), [nowMs - 9 * DAY_MS, nowMs - 8 * DAY_MS, nowMs]);
    // Noted as purged, and there all the same.
    await server()
      .provider(UnitOfWork)
      .run(({ manager }) => manager.update(AuditChainEntity, { chain }, { purgedSequence: 1 }));
    await purge();
    expect((await storedEvents(server(), chain)).map((event) => event.chainSequence)).toEqual([3]);
  });

  it('R64, R65: the change log is kept for a day, and its newest line for ever', async () => {
    const lines = server().provider(DataSource).getRepository(ChangeEntity);
    await server().createToken({ scope: 'read-only' });
    const newest = await lines.maximum('id');
    nowMs += DAY_MS;
    await purge();
    // The line is not older than a day yet.
    expect(await lines.countBy({ id: newest ?? 0 })).toBe(1);
    expect(await lines.count()).toBe(1);
    nowMs += 5 * DAY_MS;
    await purge();
    expect((await lines.find()).map((line) => line.id)).toEqual([newest]);
  });

  it('R65: a lease has one holder, is renewed by it, runs out, and is given back', async () => {
    const node = (): LeaseService => new LeaseService(server().provider(UnitOfWork), server().provider(DataSource));
    const [one, other] = [node(), node()];
    const name = unique('lease');
    expect(await one.hold(name, 5_000)).toBe(true);
    expect(await other.hold(name, 5_000)).toBe(false);
    await sleep(3_000);
    expect(await one.hold(name, 5_000)).toBe(true);
    await sleep(2_500);
    expect(await other.hold(name, 60_000)).toBe(false);
    await expect.poll(() => other.hold(name, 60_000)).toBe(true);
    expect(await one.hold(name, 60_000)).toBe(false);
    // Who lost it gives nothing back.
    await one.release(name);
    expect(await one.hold(name, 60_000)).toBe(false);
    await other.release(name);
    expect(await one.hold(name, 60_000)).toBe(true);
  });

  it('R65: of many that ask for a lease at once, one gets it', async () => {
    const nodes = Array.from(
      { length: 8 },
      () => new LeaseService(server().provider(UnitOfWork), server().provider(DataSource)),
    );
    for (let round = 0; round < 5; round += 1) {
      const name = unique('lease');
      const held = await Promise.all(nodes.map((node) => node.hold(name, 60_000)));
      expect(held.filter(Boolean)).toHaveLength(1);
    }
  });
});

describe('purging and the end of the server', () => {
  it('R65: a run under way ends with its batch when the server stops', async () => {
    const server = await startScopegateFixture();
    try {
      await insertEnded(server, 3_000, Date.now() - 40 * DAY_MS);
      const run = server.provider(TokenPurgeJob).purgeOnce();
      await sleep(200);
      const startedMs = performance.now();
      await server.stop();
      expect(performance.now() - startedMs).toBeLessThan(15_000);
      const purged = await run;
      expect(purged?.tokens).toBeGreaterThan(0);
      expect(purged?.tokens).toBeLessThan(3_000);
    } finally {
      await server.stop();
    }
  });
});

describeWithMariaDb('purging by several nodes', (mariaDb) => {
  const stops: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    vi.restoreAllMocks();
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  async function startNodes(): Promise<readonly [ScopegateFixture, ScopegateFixture]> {
    const env = {
      ...createSecrets(),
      DATABASE_URL: await mariaDb().createDatabase(),
      SCOPEGATE_ADMIN_PASSWORD: 'correct horse battery',
    };
    const one = await startScopegateFixture({ env });
    stops.push(() => one.stop());
    const other = await startScopegateFixture({ env });
    stops.push(() => other.stop());
    return [one, other];
  }

  it('R65: the node with the lease purges, and the next one as soon as it stops', async () => {
    const [one, other] = await startNodes();
    expect(await one.provider(TokenPurgeJob).purgeOnce()).not.toBeNull();
    const ids = await insertEnded(one, 3, Date.now() - 40 * DAY_MS);
    expect(await other.provider(TokenPurgeJob).purgeOnce()).toBeNull();
    expect(await timesPurged(other, ids)).toEqual([0, 0, 0]);
    await one.stop();
    expect(await other.provider(TokenPurgeJob).purgeOnce()).toEqual(expect.objectContaining({ tokens: 3 }));
    expect(await timesPurged(other, ids)).toEqual([1, 1, 1]);
  });

  it('R65: even two that both believe they hold the lease purge each token once', async () => {
    const nodes = await startNodes();
    const ids = await insertEnded(nodes[0], 600, Date.now() - 40 * DAY_MS);
    for (const node of nodes) vi.spyOn(node.provider(LeaseService), 'hold').mockResolvedValue(true);
    const runs = await Promise.all(nodes.map((node) => node.provider(TokenPurgeJob).purgeOnce()));
    expect(runs.reduce((sum, run) => sum + (run?.tokens ?? 0), 0)).toBe(600);
    expect(await timesPurged(nodes[0], ids)).toEqual(ids.map(() => 1));
  });

  it('R64, R65: a purged token is unknown to every node within a second', async () => {
    const [one, other] = await startNodes();
    await one.patchSettings({ purge: { expiredTokensAfterDays: 0 } });
    const token = await one.createToken({ scope: 'read-only', validity: 'never' });
    expect(await answerTo(other, token)).toBe(200);
    await one.revokeToken(token.id);
    await one.provider(TokenPurgeJob).purgeOnce();
    await expect.poll(() => answerTo(other, token), { timeout: 5_000 }).toBe('credential_invalid');
  });
});
