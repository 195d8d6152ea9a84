import { setImmediate as turn } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ChangeEntity } from '../../src/database/change.entity.js';
import { ChangeFeed } from '../../src/database/change-feed.js';
import { NodeEntity } from '../../src/database/node.entity.js';
import { LeaseEntity } from '../../src/database/lease.entity.js';
import { LeaseService } from '../../src/database/lease.service.js';
import { NodeRegistry } from '../../src/database/node.registry.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';

describe('the change log', () => {
  let gateway: ScopegateFixture;
  beforeAll(async () => {
    gateway = await startScopegateFixture();
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  afterAll(() => gateway.stop());

  /** Adds a line as another node does. */
  async function changeElsewhere(subject: string): Promise<void> {
    await gateway
      .provider(UnitOfWork)
      .run(({ manager }) => manager.insert(ChangeEntity, { topic: 'token', subject, atMs: Date.now() }));
  }

  it('R64: is acted on, and makes the rules young, although the node cannot say that it is there', async () => {
    const acted: string[] = [];
    gateway.provider(ChangeFeed).subscribe('token', (subjects) => void acted.push(...subjects));
    const registry = gateway.provider(NodeRegistry);
    const { manager } = gateway.provider(DataSource);
    await manager.query('ALTER TABLE nodes RENAME TO nodes_away');
    try {
      await registry.beat();
      const noteRead = vi.spyOn(registry, 'noteRead');
      await changeElsewhere('revoked');
      await expect.poll(() => acted).toContain('revoked');
      await expect.poll(() => noteRead.mock.calls.length).toBeGreaterThan(0);
    } finally {
      await manager.query('ALTER TABLE nodes_away RENAME TO nodes');
    }
    await registry.beat();
    expect(await manager.countBy(NodeEntity, { id: registry.id })).toBe(1);
  });

  it('R80: is acted on again until nothing fails, before anything says that it has been', async () => {
    const feed = gateway.provider(ChangeFeed);
    const noteRead = vi.spyOn(gateway.provider(NodeRegistry), 'noteRead');
    const before = feed.actedUpTo;
    let failures = 0;
    let acted = 0;
    let isReadable = false;
    feed.subscribe('token', (subjects) => {
      if (subjects === 'all' || !subjects.has('unreadable')) return;
      if (isReadable) {
        acted += 1;
        return;
      }
      noteRead.mockClear();
      failures += 1;
      throw new Error('It cannot be read.');
    });
    await changeElsewhere('unreadable');
    await expect.poll(() => failures).toBeGreaterThan(6);
    expect(noteRead).not.toHaveBeenCalled();
    expect(feed.actedUpTo).toBe(before);
    isReadable = true;
    await expect.poll(() => feed.actedUpTo).toBeGreaterThan(before);
    expect(acted).toBe(1);
    expect(noteRead).toHaveBeenCalled();
  });

  it('R80: everything is read anew where the newest lines are gone, and where others have taken their place', async () => {
    const feed = gateway.provider(ChangeFeed);
    const acted: string[] = [];
    let anew = 0;
    feed.subscribe('token', (subjects) => {
      if (subjects === 'all') anew += 1;
      else acted.push(...subjects);
    });
    await changeElsewhere('lost');
    await expect.poll(() => acted).toContain('lost');
    const lost = feed.actedUpTo;
    const unitOfWork = gateway.provider(UnitOfWork);
    await unitOfWork.run(({ manager }) => manager.delete(ChangeEntity, { id: lost }));
    await expect.poll(() => anew).toBe(1);
    await changeElsewhere('known');
    await expect.poll(() => acted).toContain('known');
    await unitOfWork.run(({ manager }) =>
      manager.update(ChangeEntity, { id: feed.actedUpTo }, { subject: 'other', changeSet: 'other' }),
    );
    await expect.poll(() => anew).toBe(2);
  });

  it('R80: a change of its own that the database has lost before it was read makes a node read everything anew', async () => {
    const feed = gateway.provider(ChangeFeed);
    let anew = 0;
    feed.subscribe('token', (subjects) => void (subjects === 'all' && (anew += 1)));
    feed.own.noteStoring('lost before it was read');
    await feed.announce('lost before it was read', [{ topic: 'token', subject: 'a' }]);
    await expect.poll(() => anew).toBe(1);
  });

  it('R80: a lease whose row the database has lost is held again', async () => {
    const leases = gateway.provider(LeaseService);
    expect(await leases.hold('a job', 60_000)).toBe(true);
    await gateway.provider(UnitOfWork).run(({ manager }) => manager.delete(LeaseEntity, { name: 'a job' }));
    await leases.hold('a job', 60_000);
    expect(await leases.hold('a job', 60_000)).toBe(true);
  });

  it('R64: makes the rules young once it has been acted on, and as young as when it was read', async () => {
    const noteRead = vi.spyOn(gateway.provider(NodeRegistry), 'noteRead');
    let goOn: (() => void) | null = null;
    let actingSinceTick = 0;
    gateway.provider(ChangeFeed).subscribe('token', async (subjects) => {
      if (subjects === 'all' || !subjects.has('held')) return;
      noteRead.mockClear();
      actingSinceTick = performance.now();
      await new Promise<void>((resolve) => (goOn = resolve));
    });
    await changeElsewhere('held');
    await expect.poll(() => goOn).not.toBeNull();
    await turn();
    expect(noteRead).not.toHaveBeenCalled();
    (goOn as (() => void) | null)?.();
    await expect.poll(() => noteRead.mock.calls.length).toBeGreaterThan(0);
    expect(noteRead.mock.calls[0]?.[0].tick).toBeLessThan(actingSinceTick);
  });
});
