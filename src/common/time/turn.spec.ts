import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { inTurns, runBeforeYield, Turn } from './turn.js';

/** The clock goes on only where a test says so; the event loop is the real one. */
let nowTick = 0;
let busy: NodeJS.Immediate | undefined;

beforeEach(() => void vi.spyOn(performance, 'now').mockImplementation(() => nowTick));
afterEach(() => {
  clearImmediate(busy);
  vi.restoreAllMocks();
});

/** Keeps the event loop busy, as requests do, for a number of its turns. Tells how many are left. */
function keepBusy(turns: number, turnMs: number): () => number {
  let left = turns;
  busy = setImmediate(function work() {
    nowTick += turnMs;
    left -= 1;
    if (left > 0) busy = setImmediate(work);
  });
  return () => left;
}

/** Leaves the background with turns of their shortest length. */
async function disturbOnce(): Promise<void> {
  keepBusy(1, 0.05);
  await new Turn().yield();
}

describe('a turn of the background', () => {
  it('comes after what is due at the end of the turn of the requests', async () => {
    const order: string[] = [];
    const end = runBeforeYield(() => order.push('due'));
    const ended = new Turn().yield().then(() => order.push('background'));
    // Asked for later, as the end of a turn of the requests is.
    setImmediate(() => order.push('requests'));
    await ended;
    end();
    expect(order.slice(0, 2)).toEqual(['due', 'background']);
  });

  it('does nothing before it for those who have ended that', async () => {
    let count = 0;
    runBeforeYield(() => (count += 1))();
    await new Turn().yield();
    expect(count).toBe(0);
  });

  it('waits for an idle turn of the event loop', async () => {
    const left = keepBusy(5, 0.1);
    await new Turn().yield();
    expect(left()).toBe(0);
  });

  it('waits no longer than a millisecond', async () => {
    const left = keepBusy(1_000, 0.1);
    await new Turn().yield();
    expect(left()).toBeGreaterThan(900);
  });

  it('is a quarter of what it has waited for', async () => {
    keepBusy(1_000, 0.4);
    const turn = new Turn();
    await turn.yield();
    nowTick += 0.25;
    expect(turn.isDue).toBe(false);
    nowTick += 0.1;
    expect(turn.isDue).toBe(true);
  });

  it('is short where requests come between', async () => {
    await disturbOnce();
    const turn = new Turn();
    nowTick += 0.019;
    expect(turn.isDue).toBe(false);
    nowTick += 0.002;
    expect(turn.isDue).toBe(true);
  });

  it('grows where none comes for long, to a limit', async () => {
    await disturbOnce();
    const turn = new Turn();
    for (let count = 0; count < 100; count += 1) await turn.yield();
    nowTick += 0.049;
    expect(turn.isDue).toBe(false);
    nowTick += 0.002;
    expect(turn.isDue).toBe(true);
  });
});

describe('long work', () => {
  function* work(steps: number): Generator<undefined, string> {
    for (let step = 0; step < steps; step += 1) {
      nowTick += 1;
      yield;
    }
    return 'done';
  }

  it('R92: lets requests run between its steps', async () => {
    let requests = 0;
    busy = setImmediate(function request() {
      requests += 1;
      busy = setImmediate(request);
    });
    expect(await inTurns(work(20))).toBe('done');
    expect(requests).toBeGreaterThanOrEqual(20);
  });
});
