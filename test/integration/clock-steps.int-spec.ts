import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AuditEventEntity } from '../../src/audit/audit-event.entity.js';
import { AuditVerifier } from '../../src/audit/audit.verifier.js';
import { Clock } from '../../src/common/time/clock.js';
import { NodeEntity } from '../../src/database/node.entity.js';
import { NodeRegistry } from '../../src/database/node.registry.js';
import { unique } from '../support/each-database.js';
import { startRecordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import { startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';

const DAY_MS = 86_400_000;

describe('a clock that is set while the server runs', () => {
  let gateway: ScopegateFixture;
  let upstream: RecordingUpstream;
  let offsetMs = 0;
  beforeAll(async () => {
    upstream = await startRecordingUpstream();
    gateway = await startScopegateFixture({ env: { SCOPEGATE_MAX_STALENESS_MS: '1000' } });
    const clock = gateway.provider(Clock);
    vi.spyOn(clock, 'nowMs').mockImplementation(() => Date.now() + offsetMs);
    await gateway.createApplication({
      key: 'app',
      kind: 'generic',
      mount: { pathPrefix: '/app' },
      upstream: upstream.url,
    });
  });
  afterAll(async () => {
    offsetMs = 0;
    await gateway.stop();
    await upstream.stop();
  });

  it('R62: events of before and after a step of decades are stored, once each, and linked', async () => {
    const { id, secret } = await gateway.createToken({ scope: 'read-only' });
    for (const [index, step] of [0, -9_000 * DAY_MS, 9_000 * DAY_MS, 0].entries()) {
      // The request is under way while the clock is set.
      upstream.respondWith(() => {
        offsetMs = step;
        return {};
      });
      const answer = await fetch(`${gateway.url}/app/${index}`, { headers: { Authorization: `Bearer ${secret}` } });
      expect([index, answer.status]).toEqual([index, 200]);
    }
    const stored = (): Promise<readonly AuditEventEntity[]> =>
      gateway.provider(DataSource).manager.findBy(AuditEventEntity, { tokenId: id, outcome: 'allowed' });
    await expect.poll(stored, { timeout: 10_000 }).toHaveLength(4);
    // How long a request took has nothing to do with the time of day.
    for (const { durationMs } of await stored()) {
      expect(Number.isInteger(durationMs)).toBe(true);
      expect(durationMs).toBeGreaterThanOrEqual(0);
      expect(durationMs).toBeLessThan(60_000);
    }
    expect((await gateway.provider(AuditVerifier).verify({ fromMs: null, toMs: null })).firstBreak).toBeNull();
    expect((await gateway.admin.get(`/audit-events?tokenId=${id}`)).status).toBe(200);
  });

  it('R62: uses are counted within seconds while the clock stands an hour back', async () => {
    const { id, secret } = await gateway.createToken({ scope: 'read-only' });
    offsetMs = -3_600_000;
    upstream.respondWith(() => ({}));
    expect((await fetch(`${gateway.url}/app/x`, { headers: { Authorization: `Bearer ${secret}` } })).status).toBe(200);
    const uses = async (): Promise<number> =>
      (await gateway.admin.get<{ useCount: number }>(`/tokens/${id}`)).body.useCount;
    await expect.poll(uses, { timeout: 10_000 }).toBe(1);
    offsetMs = 0;
  });

  it('R62, R64: rules that were read long ago are old, also where the clock has been set back', async () => {
    const { manager } = gateway.provider(DataSource);
    const registry = gateway.provider(NodeRegistry);
    await manager.insert(NodeEntity, { id: unique('node'), seenAtMs: Date.now() });
    // The registry hears of the other node with its next beat, and then the database is away.
    await expect
      .poll(
        async () => {
          await registry.beat(registry.moment());
          const beat = vi.spyOn(registry, 'beat').mockRejectedValue(new Error('The database is away.'));
          await new Promise((resolve) => setTimeout(resolve, 1_200));
          offsetMs = -DAY_MS;
          const { isStale } = registry;
          offsetMs = 0;
          beat.mockRestore();
          return isStale;
        },
        { timeout: 15_000 },
      )
      .toBe(true);
  });
});
