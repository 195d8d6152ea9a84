import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FairQueue, type FairQueueOptions } from './fair-queue.js';

const OPTIONS: FairQueueOptions = {
  maxRunning: 1,
  rankCount: 3,
  maxWaiting: 4,
  maxPerKey: 2,
  maxWaitMs: 1_000,
  refuse: () => new Error('no turn'),
};

/** Work that the test ends. */
class Work {
  readonly started: string[] = [];
  readonly #finish: (() => void)[] = [];

  constructor(private readonly queue: FairQueue) {}

  ask(key: string, rank = 1): Promise<string> {
    const work = (): Promise<void> => {
      this.started.push(key);
      return new Promise((resolve) => this.#finish.push(resolve));
    };
    return this.queue.run({ rank, key }, work).then(
      () => 'done',
      (error: Error) => error.message,
    );
  }

  async finishOne(): Promise<void> {
    this.#finish.shift()?.();
    await vi.advanceTimersByTimeAsync(0);
  }
}

describe('FairQueue', () => {
  let queue: FairQueue;
  let work: Work;

  beforeEach(() => {
    vi.useFakeTimers();
    queue = new FairQueue(OPTIONS);
    work = new Work(queue);
  });

  afterEach(() => vi.useRealTimers());

  it('R51: keys take turns, and who knocks once is not behind all of one who knocks often', async () => {
    const outcomes = ['a', 'a', 'a', 'b'].map((key) => work.ask(key));
    expect({ running: queue.running, waiting: queue.waiting }).toEqual({ running: 1, waiting: 3 });
    for (let turn = 0; turn < 4; turn += 1) await work.finishOne();
    expect(await Promise.all(outcomes)).toEqual(['done', 'done', 'done', 'done']);
    expect(work.started).toEqual(['a', 'a', 'b', 'a']);
    expect({ running: queue.running, waiting: queue.waiting }).toEqual({ running: 0, waiting: 0 });
  });

  it('R51: beyond the room of a key it is refused at once, and a newcomer still gets in', async () => {
    void work.ask('a');
    const greedy = ['a', 'a', 'a'].map((key) => work.ask(key));
    expect(await greedy[2]).toBe('no turn');
    void work.ask('b');
    void work.ask('b');
    const newcomer = work.ask('c');
    // The line was full: the newest of those who have the most gave way.
    expect(await greedy[1]).toBe('no turn');
    for (let turn = 0; turn < 4; turn += 1) await work.finishOne();
    expect(work.started).toContain('c');
    await work.finishOne();
    expect(await newcomer).toBe('done');
  });

  it('R51: waiting ends, and takes no turn after that', async () => {
    const running = work.ask('a');
    const late = work.ask('b');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await late).toBe('no turn');
    expect(queue.waiting).toBe(0);
    await work.finishOne();
    expect(await running).toBe('done');
    expect(work.started).toEqual(['a']);
    expect(queue.running).toBe(0);
  });

  it('R51: work that fails leaves its place to the next', async () => {
    const failed = queue.run({ rank: 0, key: 'a' }, () => Promise.reject(new Error('broken')));
    const next = queue.run({ rank: 0, key: 'a' }, () => Promise.resolve('done'));
    await expect(failed).rejects.toThrow('broken');
    expect(await next).toBe('done');
  });
});
