import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AuditEventEntity } from '../../src/audit/audit-event.entity.js';
import { AuditVerifier } from '../../src/audit/audit-verifier.js';
import { Clock } from '../../src/common/time/clock.js';
import { ClockWatch } from '../../src/database/clock-watch.js';
import { NodeRegistry } from '../../src/database/node.registry.js';
import type { ProblemBody } from '../support/api.client.js';
import { startRecordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import { startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';

const DAY_MS = 86_400_000;

describe('a clock that is set while the server runs', () => {
  let gateway: ScopegateFixture;
  let upstream: RecordingUpstream;
  let offsetMs = 0;
  beforeAll(async () => {
    upstream = await startRecordingUpstream();
    gateway = await startScopegateFixture();
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
    await expect.poll(stored).toHaveLength(4);
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
    await expect.poll(uses).toBe(1);
    offsetMs = 0;
  });

  it('R62, R64, R80: rules that were read long ago are old, also where the clock has been set back', async () => {
    const several = await startScopegateFixture({
      env: { SCOPEGATE_MAX_STALENESS_MS: '3000', SCOPEGATE_SINGLE_NODE: 'false' },
    });
    try {
      vi.spyOn(several.provider(Clock), 'nowMs').mockImplementation(() => Date.now() + offsetMs);
      const registry = several.provider(NodeRegistry);
      // The change log cannot be read any more.
      const noteRead = vi.spyOn(registry, 'noteRead').mockImplementation(() => undefined);
      offsetMs = -DAY_MS;
      await expect.poll(() => registry.isStale).toBe(true);
      const answer = await several.as(null).get<ProblemBody>('/me');
      expect([answer.status, answer.body.code]).toEqual([503, 'policy_unavailable']);
      noteRead.mockRestore();
      await expect.poll(() => registry.isStale).toBe(false);
    } finally {
      offsetMs = 0;
      await several.stop();
    }
  });

  it('R80: a clock that differs from that of the database is logged once for each change, and once when it agrees again', async () => {
    const logs = vi.spyOn(Logger.prototype, 'warn');
    const registry = gateway.provider(NodeRegistry);
    const watch = gateway.provider(ClockWatch);
    const beatTwice = async (): Promise<void> => {
      // The one under way may have begun before the clock was set.
      for (let time = 0; time < 2; time += 1) await registry.beat();
    };
    try {
      for (const [aheadMs, text] of [
        [7_200_000, /^[^.]* 7[12]\d\d\.\d s ahead of/],
        [-60_000, /^[^.]* (?:5[5-9]|6[0-5])\.\d s behind/],
      ] as const) {
        offsetMs = aheadMs;
        await beatTwice();
        await beatTwice();
        expect(Math.abs(watch.offsetMs - aheadMs)).toBeLessThan(5_000);
        expect(watch.warning).toMatch(text);
      }
      expect(logs.mock.calls.map(([message]) => String(message)).filter((line) => line.includes('clock'))).toHaveLength(
        2,
      );
      expect((await gateway.admin.get('/me')).status).toBe(200);
      const ready = (await (await fetch(`${gateway.url}/health/ready`)).json()) as { warnings: { code: string }[] };
      expect(ready.warnings.map(({ code }) => code)).toEqual(['clock_off']);
      const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
      expect(Number(/^scopegate_clock_offset_seconds (\S+)$/m.exec(metrics)?.[1])).toBeCloseTo(-60, 0);
    } finally {
      offsetMs = 0;
      logs.mockRestore();
    }
    await beatTwice();
    expect(watch.warning).toBeNull();
  });
});
