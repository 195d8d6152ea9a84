import { describe, expect, it } from 'vitest';
import { BoundedQueue } from './bounded-queue.js';

describe('BoundedQueue', () => {
  it('R51: a few run at once, some wait in order, and the rest are refused', async () => {
    const queue = new BoundedQueue(2, 3, () => new Error('full'));
    const started: number[] = [];
    const finish: (() => void)[] = [];
    const outcomes = [0, 1, 2, 3, 4, 5].map((index) =>
      queue
        .run(() => {
          started.push(index);
          return new Promise<void>((resolve) => finish.push(resolve));
        })
        .then(
          () => 'done',
          (error: Error) => error.message,
        ),
    );
    expect(await outcomes[5]).toBe('full');
    expect(started).toEqual([0, 1]);
    for (let index = 0; index < 5; index += 1) {
      finish[index]?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await Promise.all(outcomes.slice(0, 5))).toEqual(['done', 'done', 'done', 'done', 'done']);
    expect(started).toEqual([0, 1, 2, 3, 4]);
  });

  it('R51: work that fails leaves its place to the next', async () => {
    const queue = new BoundedQueue(1, 1, () => new Error('full'));
    const failed = queue.run(() => Promise.reject(new Error('broken')));
    const next = queue.run(() => Promise.resolve('done'));
    await expect(failed).rejects.toThrow('broken');
    expect(await next).toBe('done');
    expect(await queue.run(() => Promise.resolve('again'))).toBe('again');
  });
});
