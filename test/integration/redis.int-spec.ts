import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Clock } from '../../src/common/time/clock.js';
import { readConfiguration } from '../../src/config/env.js';
import { ChangeFeed } from '../../src/database/change-feed.js';
import type { Change } from '../../src/peers/change.js';
import { ChangeChannel } from '../../src/peers/change.channel.js';
import { MemoryFailureCounters } from '../../src/peers/failure-counters.js';
import { PeerLink } from '../../src/peers/peer.link.js';
import { RedisFailureCounters } from '../../src/peers/redis-failure-counters.js';
import { RedisLink } from '../../src/peers/redis.link.js';
import { describeWithRedis } from '../support/external-servers.js';
import { freePort } from '../support/free-port.js';
import { until } from '../support/until.js';

const clock = new Clock();

/** What one node has of Redis. */
interface Node {
  readonly link: RedisLink;
  readonly counters: RedisFailureCounters;
  readonly feed: ChangeFeed;
  /** What this node was told to read again, in the order of arrival. */
  readonly acted: Change[];
  stop(): Promise<void>;
}

function startNode(url: string): Node {
  const link = new RedisLink(readConfiguration({ REDIS_URL: url }), clock);
  if (link.client === null) throw new Error('There is no client although REDIS_URL is set.');
  const channel = new ChangeChannel(new PeerLink(), link);
  const feed = new ChangeFeed(channel);
  const acted: Change[] = [];
  for (const topic of ['token', 'settings'] as const) {
    feed.subscribe(topic, (subjects) => {
      for (const subject of subjects) acted.push({ topic, subject });
    });
  }
  feed.onModuleInit();
  return {
    link,
    counters: new RedisFailureCounters(link.client, link, new MemoryFailureCounters(clock)),
    feed,
    acted,
    stop: async () => {
      link.onModuleDestroy();
      await channel.onModuleDestroy();
    },
  };
}

async function timed<Result>(work: () => Promise<Result>): Promise<{ readonly result: Result; readonly ms: number }> {
  const startedAt = performance.now();
  return { result: await work(), ms: performance.now() - startedAt };
}

let made = 0;
let probes = 0;
const newKey = (): string => `pair:192.0.2.${(made += 1)} alice`;

describeWithRedis('Redis', (server) => {
  const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  const log = vi.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
  let one: Node;
  let other: Node;
  let observer: Redis;

  /** Resolves once both nodes can ask Redis and hear each other. */
  async function untilJoined(): Promise<void> {
    await until(async () => {
      const key = newKey();
      await one.counters.add(key, 60);
      return (await other.counters.add(key, 60)).failures === 2;
    });
    await until(async () => {
      const probe = `probe ${(probes += 1)}`;
      for (const node of [one, other]) await node.feed.announce('set', [{ topic: 'token', subject: probe }]);
      await delay(20);
      // Each of them receives its own message once, and that of the other. Earlier ones have come before.
      return [one, other].every(({ acted }) => acted.filter(({ subject }) => subject === probe).length >= 2);
    });
    one.acted.length = 0;
    other.acted.length = 0;
    warn.mockClear();
    log.mockClear();
  }

  beforeAll(() => {
    observer = new Redis(server().url, { retryStrategy: () => 100 });
    observer.on('error', () => undefined);
  });

  beforeEach(async () => {
    one = startNode(server().url);
    other = startNode(server().url);
    await untilJoined();
  });

  afterEach(async () => {
    await one.stop();
    await other.stop();
  });

  afterAll(() => {
    observer.disconnect();
    vi.restoreAllMocks();
  });

  describe('counting failures for all nodes', () => {
    it('R51: a failure on one node counts on the other', async () => {
      const key = newKey();
      expect((await one.counters.add(key, 60)).failures).toBe(1);
      expect((await other.counters.add(key, 60)).failures).toBe(2);
      expect(await one.counters.read(key)).toEqual({ failures: 2, remainingSeconds: 60 });
      expect(await other.counters.read(newKey())).toEqual({ failures: 0, remainingSeconds: 0 });
    });

    it('R51: failures at the same time are all counted', async () => {
      const key = newKey();
      const nodes = Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? one : other));
      const counts = await Promise.all(nodes.map(({ counters }) => counters.add(key, 60)));
      expect(counts.map(({ failures }) => failures).toSorted((a, b) => a - b)).toEqual(
        nodes.map((_, index) => index + 1),
      );
    });

    it('R51: the window ends when it was to end at the first failure', async () => {
      const key = newKey();
      await one.counters.add(key, 4);
      await delay(2_500);
      expect((await other.counters.add(key, 4)).failures).toBe(2);
      await delay(2_000);
      expect((await one.counters.read(key)).failures).toBe(0);
      expect((await one.counters.add(key, 4)).failures).toBe(1);
    });

    it('R61: the keys have a prefix and an end, and hold no name and no address', async () => {
      await observer.flushall();
      await one.counters.add('pair:192.0.2.9 my secret typed into the wrong field', 60);
      const keys = await observer.keys('*');
      expect(keys).toHaveLength(1);
      expect(keys[0]).toMatch(/^scopegate:failures:[\w-]{43}$/);
      expect(await observer.ttl(keys[0] ?? '')).toBeGreaterThan(50);
    });

    it('R51: without Redis this node counts on at once, for itself, and says so once', async () => {
      const key = newKey();
      await one.counters.add(key, 60);
      await one.counters.add(key, 60);
      await other.counters.add(key, 60);
      await server().kill9();
      const times: number[] = [];
      for (let failures = 3; failures <= 20; failures += 1) {
        const { result, ms } = await timed(() => one.counters.add(key, 60));
        expect(result.failures).toBe(failures);
        times.push(ms);
      }
      expect(Math.min(...times)).toBeLessThan(100);
      expect(Math.max(...times)).toBeLessThan(3_000);
      expect((await one.counters.read(key)).failures).toBe(20);
      expect((await other.counters.read(key)).failures).toBe(1);
      await delay(500);
      // Both nodes run in this process.
      expect(warn.mock.calls.map(String).filter((text) => text.includes('Redis cannot be used'))).toHaveLength(2);

      await server().restart();
      await untilJoined();
      expect((await one.counters.add(key, 60)).failures).toBe(1);
    });

    it('R51: a Redis that does not answer holds up one request for a fifth of a second, and the next ones not at all', async () => {
      const key = newKey();
      process.kill(server().pid, 'SIGSTOP');
      try {
        const first = await timed(() => one.counters.add(key, 60));
        expect(first.result.failures).toBe(1);
        expect(first.ms).toBeLessThan(2_000);
        const next = await timed(async () => {
          for (let time = 0; time < 20; time += 1) await one.counters.add(key, 60);
          return one.counters.read(key);
        });
        expect(next.result.failures).toBe(21);
        expect(next.ms).toBeLessThan(2_000);
        const many = await timed(() => Promise.all(Array.from({ length: 50 }, () => other.counters.read(key))));
        expect(many.ms).toBeLessThan(2_000);
      } finally {
        process.kill(server().pid, 'SIGCONT');
      }
      expect(warn.mock.calls.map(String).filter((text) => text.includes('no answer'))).toHaveLength(2);
      await untilJoined();
    });

    it('R51: a Redis that wants a password the nodes do not have is one that is not there', async () => {
      await observer.config('SET', 'requirepass', 'another');
      try {
        const late = startNode(server().url);
        const key = newKey();
        for (let failures = 1; failures <= 5; failures += 1) {
          expect((await late.counters.add(key, 60)).failures).toBe(failures);
          await delay(50);
        }
        await late.stop();
        expect(warn.mock.calls.map(String).filter((text) => text.includes('NOAUTH'))).toHaveLength(1);
      } finally {
        await observer.config('SET', 'requirepass', '');
      }
    });

    it('R51: one that was never there is no obstacle, and its address and password stay out of the log', async () => {
      const alone = startNode(`redis://user:s3cret@127.0.0.1:${await freePort()}`);
      const key = newKey();
      await delay(200);
      const { result, ms } = await timed(() => alone.counters.add(key, 60));
      expect(result.failures).toBe(1);
      expect(ms).toBeLessThan(1_000);
      await alone.feed.announce('set', [{ topic: 'token', subject: 'a' }]);
      expect(alone.acted).toEqual([{ topic: 'token', subject: 'a' }]);
      await alone.stop();
      expect(warn.mock.calls.map(String).join()).not.toContain('s3cret');
    });
  });

  describe('pushing changes to the other nodes', () => {
    it('R64: what one node has changed, the other acts on at once, and the one itself once', async () => {
      const { ms } = await timed(async () => {
        await one.feed.announce('set', [
          { topic: 'token', subject: 'a' },
          { topic: 'token', subject: 'b' },
          { topic: 'settings', subject: 'settings' },
        ]);
        await until(() => other.acted.length === 3);
      });
      expect(ms).toBeLessThan(5_000);
      await delay(50);
      expect(other.acted).toEqual([
        { topic: 'token', subject: 'a' },
        { topic: 'token', subject: 'b' },
        { topic: 'settings', subject: 'settings' },
      ]);
      expect(one.acted).toEqual(other.acted);
    });

    it('R64: a change from another node does not wait for the one before, and the end waits for both', async () => {
      let goOn: () => void = () => undefined;
      other.feed.subscribe('settings', () => new Promise<void>((resolve) => (goOn = resolve)));
      await one.feed.announce('set', [{ topic: 'settings', subject: 'slow' }]);
      await one.feed.announce('set', [{ topic: 'token', subject: 'revoked' }]);
      await until(() => other.acted.some(({ subject }) => subject === 'revoked'));
      let hasEnded = false;
      const ended = other.stop().then(() => (hasEnded = true));
      await delay(20);
      expect(hasEnded).toBe(false);
      goOn();
      await ended;
      expect(other.acted).toHaveLength(2);
    });

    it('R64: a node does not pass on what it received', async () => {
      const heard: string[] = [];
      const listener = new Redis(server().url);
      await listener.subscribe('scopegate:changes');
      listener.on('message', (_channel, text) => heard.push(text));
      await one.feed.announce('set', [{ topic: 'token', subject: 'a' }]);
      await delay(100);
      listener.disconnect();
      expect(heard).toHaveLength(1);
    });

    it.each([
      'no JSON',
      'null',
      '[]',
      '{}',
      '{"node":"x"}',
      '{"node":"x","changes":{}}',
      '{"node":"x","changes":[null,1,"token",{},{"topic":"unknown","subject":"a"},{"topic":"token","subject":1}]}',
      '{"node":1,"changes":[{"topic":"token","subject":"a"}]}',
    ])('R64: the message %s does nothing', async (text) => {
      await observer.publish('scopegate:changes', text);
      await observer.publish(
        'scopegate:changes',
        '{"node":"x","changes":[{"topic":"unknown","subject":"a"},{"topic":"token","subject":"after"}]}',
      );
      await until(() => one.acted.length > 0);
      expect(one.acted).toEqual([{ topic: 'token', subject: 'after' }]);
    });

    it('R64: a change without Redis is as fast, and Redis is used again once it is back', async () => {
      await server().kill9();
      const { ms } = await timed(() => one.feed.announce('set', [{ topic: 'token', subject: 'a' }]));
      expect(ms).toBeLessThan(1_000);
      expect(one.acted).toEqual([{ topic: 'token', subject: 'a' }]);
      expect(other.acted).toEqual([]);
      await server().restart();
      await untilJoined();
      await other.feed.announce('set', [{ topic: 'token', subject: 'b' }]);
      await until(() => one.acted.length === 1);
    });
  });
});
