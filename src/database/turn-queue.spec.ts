import { describe, expect, it } from 'vitest';
import { TimeLimit } from './time-limit.js';
import { TurnQueue } from './turn-queue.js';

describe('TurnQueue', () => {
  it('R81: turns are given in the order of asking, and one that is given up is passed over', async () => {
    const queue = new TurnQueue(1, 10);
    const begun: string[] = [];
    await queue.take(new TimeLimit(60_000));
    const impatient = queue.take(new TimeLimit(20)).then(
      () => begun.push('impatient'),
      (error: unknown) => begun.push((error as Error).message),
    );
    const second = queue.take(new TimeLimit(60_000)).then(() => begun.push('second'));
    const third = queue.take(new TimeLimit(60_000)).then(() => begun.push('third'));
    await impatient;
    queue.release();
    await second;
    queue.release();
    await third;
    expect(begun).toEqual(['The database cannot be reached: no answer within 20 ms', 'second', 'third']);
    queue.release();
    await queue.take(new TimeLimit(0));
  });

  it('R81: more than may wait are refused at once, as a 503 that says what to do', async () => {
    const queue = new TurnQueue(1, 1);
    await queue.take(new TimeLimit(60_000));
    const waiting = queue.take(new TimeLimit(60_000));
    await expect(queue.take(new TimeLimit(60_000))).rejects.toMatchObject({ code: 'policy_unavailable', status: 503 });
    queue.release();
    await waiting;
  });
});
