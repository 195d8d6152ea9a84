import { describe, expect, it } from 'vitest';
import { runStop, type StopStep } from './stop-sequence.js';

describe('the steps of a stop', () => {
  it('R81: run in their order; one that fails or hangs tells what it leaves and does not stop the next ones', async () => {
    const ran: string[] = [];
    const step = (name: string, run: StopStep['run']): StopStep => ({
      name,
      limitMs: 20,
      run: () => {
        ran.push(name);
        return run();
      },
      left: () => `all of ${name}`,
    });
    const leftovers = await runStop([
      step('good', () => null),
      step('hanging', () => new Promise(() => undefined)),
      step('failing', () => Promise.reject(new Error('it broke'))),
      step('throwing', () => {
        throw new Error('at once');
      }),
      step('partial', () => '3 events'),
      step('last', () => Promise.resolve(null)),
    ]);
    expect(ran).toEqual(['good', 'hanging', 'failing', 'throwing', 'partial', 'last']);
    expect(leftovers).toEqual([
      'hanging: all of hanging',
      'failing: it broke',
      'throwing: at once',
      'partial: 3 events',
    ]);
  });

  it('R81: a step whose time is over without anything left, such as draining, leaves nothing', async () => {
    const draining: StopStep = {
      name: 'draining',
      limitMs: 5,
      run: () => new Promise(() => undefined),
      left: () => null,
    };
    expect(await runStop([draining])).toEqual([]);
  });
});
