import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UpstreamWatch } from './upstream.watch.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Waits with this limit from `startMs` on; tells after how many milliseconds the wait was ended. */
function endedAfter(limitMs: number, startMs: number): number {
  const watch = new UpstreamWatch();
  vi.advanceTimersByTime(startMs);
  const sinceSweeps = watch.sweeps;
  let place: number | null = null;
  let ended: number | null = null;
  let passed = 0;
  place = watch.begin({
    onSweep: () => {
      if (!watch.hasLasted(sinceSweeps, limitMs) || place === null) return;
      ended = passed;
      watch.end(place);
      place = null;
    },
    onProcessEnd: () => undefined,
  });
  for (; ended === null; passed += 10) vi.advanceTimersByTime(10);
  watch.onApplicationShutdown();
  return ended;
}

describe('the watch over those who wait for an upstream', () => {
  it('R55: ends a wait no earlier than its limit, and at most half a second later', () => {
    for (const limitMs of [0, 10, 249, 250, 251, 700, 1_000, 30_000]) {
      for (const startMs of [0, 10, 120, 240, 249, 250, 260, 1_000]) {
        const tookMs = endedAfter(limitMs, startMs);
        expect(tookMs).toBeGreaterThanOrEqual(limitMs - 10);
        expect(tookMs).toBeLessThanOrEqual(limitMs + 510);
      }
    }
  });

  it('R55: asks those who wait, and nobody who does not wait any more', () => {
    const watch = new UpstreamWatch();
    const asked: string[] = [];
    const begin = (name: string): number =>
      watch.begin({ onSweep: () => asked.push(name), onProcessEnd: () => undefined });
    const first = begin('first');
    begin('second');
    watch.end(first);
    const third = begin('third');
    expect(third).toBe(first);
    vi.advanceTimersByTime(250);
    expect(asked.sort()).toEqual(['second', 'third']);
    watch.onApplicationShutdown();
    vi.advanceTimersByTime(1_000);
    expect(asked).toHaveLength(2);
  });
});
