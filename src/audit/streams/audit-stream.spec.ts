import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import type { AuditEventDto } from '../dto/audit-event.dto.js';
import { AuditStream } from './audit-stream.js';
import type { SinkAnswer, StreamedEvent, StreamSink } from './stream.sink.js';

/** A receiver that does what the test says. */
class FakeSink implements StreamSink {
  readonly name = 'webhook';
  readonly batchSize = 100;
  readonly batches: string[][] = [];
  isClosed = false;
  answer: () => Promise<SinkAnswer> = () => Promise.resolve('taken');

  async send(batch: readonly StreamedEvent[]): Promise<SinkAnswer> {
    const answer = await this.answer();
    this.batches.push(batch.map(({ json }) => json));
    return answer;
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

function events(first: number, count: number, length = 0): StreamedEvent[] {
  return Array.from({ length: count }, (_, index) => {
    const event = { id: String(first + index) } as AuditEventDto;
    return { event, json: `${first + index}`.padEnd(length, ' ') };
  });
}

const never = (): Promise<SinkAnswer> => new Promise(() => undefined);
const failing = (): Promise<SinkAnswer> => Promise.reject(new Error('The receiver is away.'));

let sink: FakeSink;
let stream: AuditStream;
let warn: MockInstance<Logger['warn']>;

beforeEach(() => {
  vi.useFakeTimers();
  sink = new FakeSink();
  stream = new AuditStream(sink);
  warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
  vi.spyOn(Logger.prototype, 'log').mockReturnValue(undefined);
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('a stream of audit events', () => {
  it('R62: sends everything once and in its order, in batches', async () => {
    stream.offer(events(0, 150));
    stream.offer(events(150, 100));
    await vi.advanceTimersByTimeAsync(0);
    expect(sink.batches.map((batch) => batch.length)).toEqual([100, 100, 50]);
    expect(sink.batches.flat()).toEqual(events(0, 250).map(({ json }) => json));
    expect([stream.sent, stream.dropped, stream.queued]).toEqual([250, 0, 0]);
    expect(warn).not.toHaveBeenCalled();
  });

  it('R62: cuts batches of very large events', async () => {
    stream.offer(events(0, 3, 300_000));
    await vi.advanceTimersByTimeAsync(0);
    expect(sink.batches.map((batch) => batch.length)).toEqual([1, 1, 1]);
  });

  it('R62: tries again until it works, less and less often, and says so once', async () => {
    let attempts = 0;
    sink.answer = () => {
      attempts += 1;
      return failing();
    };
    stream.offer(events(0, 10));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(attempts).toBeGreaterThan(5);
    expect(attempts).toBeLessThan(12);
    await vi.advanceTimersByTimeAsync(600_000);
    const before = attempts;
    await vi.advanceTimersByTimeAsync(600_000);
    // Thirty seconds apart at the most.
    expect(attempts - before).toBeGreaterThanOrEqual(20);
    expect(stream.isFailing).toBe(true);
    expect(warn).toHaveBeenCalledTimes(1);
    sink.answer = () => Promise.resolve('taken');
    stream.offer(events(10, 5));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(sink.batches.flat()).toEqual(events(0, 15).map(({ json }) => json));
    expect([stream.sent, stream.dropped, stream.isFailing]).toEqual([15, 0, false]);
  });

  it('R62: drops what does not fit into the queue, counts all of it and says so once', async () => {
    sink.answer = never;
    for (let at = 0; at < 12_000; at += 500) stream.offer(events(at, 500));
    expect([stream.queued, stream.dropped]).toEqual([10_000, 2_000]);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('R62: is bounded by the size of events as well, and takes new ones once there is room', async () => {
    let take: () => void = () => undefined;
    sink.answer = () => new Promise((resolve) => (take = () => resolve('taken')));
    stream.offer(events(0, 20, 1024 * 1024));
    expect([stream.queued, stream.dropped]).toEqual([16, 4]);
    await vi.advanceTimersByTimeAsync(0);
    take();
    await vi.advanceTimersByTimeAsync(0);
    stream.offer(events(20, 1, 1024 * 1024));
    expect([stream.queued, stream.dropped]).toEqual([16, 4]);
    sink.answer = () => Promise.resolve('taken');
    take();
    await vi.advanceTimersByTimeAsync(0);
    expect([stream.queued, stream.sent, stream.dropped]).toEqual([0, 17, 4]);
    // Once when it began, and once with the number when it was over.
    expect(warn.mock.calls.map((call: readonly unknown[]) => call[1])).toEqual([
      { stream: 'webhook' },
      { stream: 'webhook', events: 4 },
    ]);
  });

  it('R62: goes on after a batch that the receiver refuses for good', async () => {
    sink.answer = () => Promise.resolve(sink.batches.length === 0 ? 'refused' : 'taken');
    stream.offer(events(0, 150));
    await vi.advanceTimersByTimeAsync(0);
    expect([stream.sent, stream.dropped, stream.queued]).toEqual([50, 100, 0]);
  });

  it('R62: sends what is offered at the very moment when the last batch is done', async () => {
    for (let turns = 0; turns < 20; turns += 1) {
      stream.offer(events(turns * 2, 1));
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      stream.offer(events(turns * 2 + 1, 1));
      await vi.advanceTimersByTimeAsync(0);
      expect([stream.sent, stream.queued]).toEqual([turns * 2 + 2, 0]);
    }
  });

  it('R62: sends what is left at the end, at once', async () => {
    sink.answer = failing;
    stream.offer(events(0, 5));
    await vi.advanceTimersByTimeAsync(10);
    sink.answer = () => Promise.resolve('taken');
    await stream.close(3_000);
    expect([stream.sent, stream.dropped, sink.isClosed]).toEqual([5, 0, true]);
  });

  it('R62: does not wait at the end for a receiver that is away, and says how much is lost', async () => {
    sink.answer = failing;
    stream.offer(events(0, 5));
    await vi.advanceTimersByTimeAsync(10);
    await stream.close(3_000);
    expect([stream.sent, stream.dropped, sink.isClosed]).toEqual([0, 5, true]);
    expect((warn.mock.calls.at(-1) as readonly unknown[] | undefined)?.[1]).toEqual({ stream: 'webhook', events: 5 });
  });

  it('R62: waits for a while at the end for a receiver that is slow', async () => {
    sink.answer = never;
    stream.offer(events(0, 5));
    const closed = stream.close(3_000);
    await vi.advanceTimersByTimeAsync(3_000);
    await closed;
    expect([stream.dropped, sink.isClosed]).toEqual([5, true]);
    stream.offer(events(5, 1));
    expect(stream.dropped).toBe(6);
  });
});
