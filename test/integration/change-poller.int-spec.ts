import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ChangeEntity } from '../../src/database/change.entity.js';
import { ChangeFeed } from '../../src/database/change-feed.js';
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

  it('R64: is acted on although the node cannot say that it is there', async () => {
    const acted: string[] = [];
    gateway.provider(ChangeFeed).subscribe('token', (subjects) => void acted.push(...subjects));
    const beat = vi.spyOn(gateway.provider(NodeRegistry), 'beat').mockRejectedValue(new Error('The table is locked.'));
    await changeElsewhere('revoked');
    await expect.poll(() => acted, { timeout: 10_000 }).toContain('revoked');
    await expect.poll(() => beat.mock.calls.length).toBeGreaterThan(0);
  });

  it('R64: makes the rules young once it has been acted on, and as young as when it was read', async () => {
    const beat = vi.spyOn(gateway.provider(NodeRegistry), 'beat');
    let goOn: (() => void) | null = null;
    let actingSinceTick = 0;
    gateway.provider(ChangeFeed).subscribe('token', async (subjects) => {
      if (!subjects.has('held')) return;
      beat.mockClear();
      actingSinceTick = performance.now();
      await new Promise<void>((resolve) => (goOn = resolve));
    });
    await changeElsewhere('held');
    await expect.poll(() => goOn, { timeout: 10_000 }).not.toBeNull();
    await turn();
    expect(beat).not.toHaveBeenCalled();
    (goOn as (() => void) | null)?.();
    await expect.poll(() => beat.mock.calls.length).toBeGreaterThan(0);
    expect(beat.mock.calls[0]?.[0].tick).toBeLessThan(actingSinceTick);
  });
});
