import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { ProcessChannel } from './process.channel.js';
import { WorkersFigures } from './workers-figures.js';

/** The primary's end of the channel to a worker with figures of its own. */
function startWorker(): { channel: ProcessChannel; counted: Counter; state: Gauge; least: Gauge; hang(): void } {
  const registers = [new Registry()];
  const counted = new Counter({ name: 'counted_total', help: 'c', labelNames: ['code'], registers });
  const took = new Histogram({ name: 'took_seconds', help: 't', buckets: [1], registers });
  const state = new Gauge({ name: 'state', help: 's', registers });
  const least = new Gauge({ name: 'least', help: 'l', aggregator: 'min', registers });
  took.observe(0.5);
  let isHanging = false;
  const channel: ProcessChannel = new ProcessChannel((message) => {
    if (!isHanging) worker.receive(message);
  });
  const worker: ProcessChannel = new ProcessChannel((message) => channel.receive(structuredClone(message)));
  worker.answer('figures', async () => (await registers[0]?.getMetricsAsJSON()) ?? []);
  return { channel, counted, state, least, hang: () => (isHanging = true) };
}

it('R62: counts are summed and go on when a worker is gone or hangs; states are those of workers that answer', async () => {
  const [one, other, next] = [startWorker(), startWorker(), startWorker()];
  let workers = [one.channel, other.channel];
  const figures = new WorkersFigures(() => workers);
  const lines = async (): Promise<readonly string[]> =>
    (await figures.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  one.counted.inc({ code: 'a' }, 5);
  other.counted.inc({ code: 'a' }, 7);
  other.counted.inc({ code: 'b' }, 1);
  one.state.set(10);
  other.state.set(20);
  one.least.set(1);
  other.least.set(0);
  expect(await lines()).toEqual([
    'counted_total{code="a"} 12',
    'counted_total{code="b"} 1',
    'took_seconds_bucket{le="1"} 2',
    'took_seconds_bucket{le="+Inf"} 2',
    'took_seconds_sum 1',
    'took_seconds_count 2',
    'state 30',
    'least 0',
  ]);

  other.channel.close();
  workers = [one.channel, next.channel];
  next.counted.inc({ code: 'a' }, 1);
  next.state.set(3);
  next.least.set(1);
  for (let time = 0; time < 2; time += 1) {
    expect(await lines()).toEqual(
      expect.arrayContaining(['counted_total{code="a"} 13', 'took_seconds_count 3', 'state 13', 'least 1']),
    );
  }

  one.hang();
  one.counted.inc({ code: 'a' }, 100);
  expect(await lines()).toEqual(expect.arrayContaining(['counted_total{code="a"} 13', 'state 3', 'least 1']));
});
