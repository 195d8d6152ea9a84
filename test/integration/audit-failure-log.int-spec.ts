import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AuditShipper } from '../../src/audit/audit-shipper.js';
import { startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';

describe('the log of a database that takes nothing', () => {
  let gateway: ScopegateFixture;
  beforeAll(async () => {
    gateway = await startScopegateFixture();
  });
  afterAll(() => gateway.stop());

  it('R62: logs a failure once, and its end only after a failure', async () => {
    const lines: string[] = [];
    for (const level of ['log', 'error'] as const) {
      vi.spyOn(Logger.prototype, level).mockImplementation((message: unknown) => {
        if (String(message).includes('Audit events')) lines.push(String(message));
      });
    }
    let isAway = true;
    let tries = 0;
    // No event waits: the use of tokens alone does.
    gateway.provider(AuditShipper).onFlush(() => {
      tries += 1;
      return isAway ? Promise.reject(new Error('The database is away.')) : Promise.resolve();
    });
    await expect.poll(() => tries).toBeGreaterThanOrEqual(3);
    expect(lines).toEqual(['Audit events cannot be stored and stay in the journal: Error: The database is away.']);
    isAway = false;
    await expect.poll(() => lines.slice(1)).toEqual(['Audit events are stored again.']);
    vi.restoreAllMocks();
  });
});
