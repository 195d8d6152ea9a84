import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMPTY_EVENT, type AuditEvent } from './event-fields.js';
import { FLOOD_SINGLES, FLOOD_WINDOW_MS, FloodCollapser, heldEvents, MAX_FLOODS, type FloodState } from './flood.js';

function failure(id: number, atMs: number, change: Partial<AuditEvent> = {}): AuditEvent {
  return {
    ...EMPTY_EVENT,
    id: String(id).padStart(6, '0'),
    atMs,
    count: 1,
    type: 'authentication.failed',
    outcome: 'failed',
    code: 'token_unknown',
    actor: 'anna',
    credential: 'basic-token',
    clientIp: '192.0.2.1',
    peer: '192.0.2.1',
    method: 'GET',
    path: `/rest/${id}`,
    application: 'jira',
    status: 401,
    durationMs: 1,
    requestId: `r-${id}`,
    ...change,
  };
}

/** Failures of a few kinds, and others, in the order of time. */
const events = fc
  .array(
    fc.record({
      stepMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 20_000 })),
      actor: fc.constantFrom('anna', 'börge', null),
      code: fc.constantFrom('token_unknown', 'token_expired'),
      outcome: fc.constantFrom('failed', 'failed', 'failed', 'allowed', 'denied'),
    }),
    { maxLength: 200 },
  )
  .map((steps) => {
    let atMs = 0;
    return steps.map(({ stepMs, ...change }, index) => {
      atMs += stepMs;
      return failure(index, atMs, change);
    });
  });

function keyOf(event: AuditEvent): string {
  return JSON.stringify([event.outcome, event.code, event.actor]);
}

function countsOf(all: readonly AuditEvent[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const event of all) counts[keyOf(event)] = (counts[keyOf(event)] ?? 0) + event.count;
  return counts;
}

describe('floods', () => {
  it('R56: the first ten identical failures are stored one by one, the rest of the minute as one with their number', () => {
    const collapser = new FloodCollapser();
    const stored = Array.from({ length: 1_000 }, (_, index) => collapser.take(failure(index, index))).flat();
    expect(stored).toHaveLength(FLOOD_SINGLES);
    expect(collapser.expire(FLOOD_WINDOW_MS - 1)).toEqual([]);
    expect(collapser.expire(FLOOD_WINDOW_MS)).toEqual([failure(10, 10, { count: 990 })]);
    expect(collapser.isEmpty).toBe(true);
  });

  it('R56: the next minute begins anew, and releases what was held of the one before', () => {
    const collapser = new FloodCollapser();
    for (let index = 0; index < 15; index += 1) collapser.take(failure(index, 0));
    const next = failure(99, FLOOD_WINDOW_MS);
    expect(collapser.take(next)).toEqual([failure(10, 0, { count: 5 }), next]);
  });

  it.each([
    ['code', { code: 'token_expired' }],
    ['address', { clientIp: '192.0.2.2' }],
    ['user', { actor: 'börge' }],
    ['application', { application: 'wiki' }],
    ['door', { door: 'guard' as const }],
  ])('R56: failures with another %s are no repetitions', (_title, change) => {
    const collapser = new FloodCollapser();
    for (let index = 0; index < FLOOD_SINGLES; index += 1) collapser.take(failure(index, 0));
    const other = failure(99, 0, change);
    expect(collapser.take(other)).toEqual([other]);
  });

  it('R57: what is no failure is never collapsed', () => {
    const collapser = new FloodCollapser();
    for (const outcome of ['allowed', 'denied', 'changed'] as const) {
      for (let index = 0; index < 50; index += 1) {
        const event = failure(index, 0, { outcome });
        expect(collapser.take(event)).toEqual([event]);
      }
    }
    expect(collapser.isEmpty).toBe(true);
  });

  it('R56: every count is exact, whatever comes in whatever order', () => {
    fc.assert(
      fc.property(events, (all) => {
        const collapser = new FloodCollapser();
        const stored = [...all.flatMap((event) => collapser.take(event)), ...collapser.finish()];
        expect(countsOf(stored)).toEqual(countsOf(all));
        expect(new Set(stored.map((event) => event.id)).size).toBe(stored.length);
        expect(collapser.state()).toEqual([]);
      }),
    );
  });

  it('R62: reading again from any checkpoint gives the same events', () => {
    fc.assert(
      fc.property(events, fc.integer({ min: 0, max: 200 }), (all, cut) => {
        const whole = new FloodCollapser();
        const expected = [...all.flatMap((event) => whole.take(event)), ...whole.finish()];
        const before = new FloodCollapser();
        const stored = all.slice(0, cut).flatMap((event) => before.take(event));
        // What is stored beside the position is JSON.
        const after = new FloodCollapser(JSON.parse(JSON.stringify(before.state())) as FloodState);
        stored.push(...all.slice(cut).flatMap((event) => after.take(event)), ...after.finish());
        expect(stored).toEqual(expected);
      }),
    );
  });

  it('R56: what is held back can be shown at any time with its number so far', () => {
    fc.assert(
      fc.property(events, (all) => {
        const collapser = new FloodCollapser();
        const stored = all.flatMap((event) => collapser.take(event));
        expect(countsOf([...stored, ...heldEvents(collapser.state())])).toEqual(countsOf(all));
      }),
    );
  });

  it('R56: made-up names cannot make the state grow, and a flood goes on being counted beside them', () => {
    const collapser = new FloodCollapser();
    const stored: AuditEvent[] = [];
    for (let index = 0; index < 20_000; index += 1) {
      stored.push(...collapser.take(failure(2 * index, index, { actor: `made-up-${index}` })));
      stored.push(...collapser.take(failure(2 * index + 1, index)));
      expect(collapser.state().length).toBeLessThanOrEqual(MAX_FLOODS);
    }
    const ofAnna = [...stored, ...collapser.finish()].filter((event) => event.actor === 'anna');
    expect(ofAnna).toHaveLength(FLOOD_SINGLES + 1);
    expect(countsOf(ofAnna)[keyOf(failure(1, 1))]).toBe(20_000);
  });

  it('R56: a window that a wrong clock began in the future ends when the clock is set back, and counts go on', () => {
    const collapser = new FloodCollapser();
    const aheadMs = 10_000 * FLOOD_WINDOW_MS;
    const stored: AuditEvent[] = [];
    for (let id = 0; id < 15; id += 1) stored.push(...collapser.take(failure(id, aheadMs)));
    expect(stored).toHaveLength(FLOOD_SINGLES);
    expect(collapser.expire(1_000).map((event) => event.count)).toEqual([5]);
    for (let id = 15; id < 30; id += 1) stored.push(...collapser.take(failure(id, aheadMs)));
    for (let id = 30; id < 45; id += 1) stored.push(...collapser.take(failure(id, 2_000)));
    stored.push(...collapser.expire(2_000 + FLOOD_WINDOW_MS));
    expect(collapser.isEmpty).toBe(true);
    expect(stored.reduce((sum, event) => sum + event.count, 0)).toBe(40);
  });

  it('R56: an event that is a little late belongs to the window it comes in', () => {
    const collapser = new FloodCollapser();
    const stored = [60_000, 59_990, 60_000 - FLOOD_WINDOW_MS].flatMap((atMs, id) => collapser.take(failure(id, atMs)));
    expect(stored).toHaveLength(3);
    expect(collapser.state()).toHaveLength(1);
  });
});
