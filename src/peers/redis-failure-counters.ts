import type { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { LRUCache } from 'lru-cache';
import type { RedisLink } from './redis.link.js';
import { FailureCounters, keyDigest, type FailureCount } from './failure-counters.js';

const KEY_PREFIX = 'scopegate:failures';

/** Keys of this node in Redis: invented names and addresses must not fill it. */
const MAX_SHARED = 100_000;

const NONE: FailureCount = { failures: 0, remainingSeconds: 0 };

/** Counts for all nodes in Redis. If Redis does not answer in time, this node answers alone. */
export class RedisFailureCounters extends FailureCounters {
  readonly #limiter: RateLimiterRedis;
  /** Keys that this node has counted in Redis and that have not expired. */
  readonly #shared = new LRUCache<string, true>({ max: MAX_SHARED });

  constructor(
    client: Redis,
    private readonly redis: RedisLink,
    private readonly own: FailureCounters,
  ) {
    super();
    // The throttle decides how many failures are too many.
    this.#limiter = new RateLimiterRedis({ storeClient: client, keyPrefix: KEY_PREFIX, points: 1, duration: 60 });
  }

  async add(key: string, windowSeconds: number): Promise<FailureCount> {
    const own = await this.own.add(key, windowSeconds);
    if (!this.#hasRoom(key, windowSeconds)) return own;
    const shared = await this.redis.attempt(() =>
      this.#limiter.penalty(keyDigest(key), 1, { customDuration: windowSeconds }),
    );
    return shared === null ? own : toCount(shared.answer.consumedPoints, shared.answer.msBeforeNext);
  }

  #hasRoom(key: string, windowSeconds: number): boolean {
    const digest = keyDigest(key);
    if (this.#shared.has(digest)) return true;
    if (this.#shared.size >= MAX_SHARED && !this.#shared.purgeStale()) return false;
    this.#shared.set(digest, true, { ttl: windowSeconds * 1000 });
    return true;
  }

  async read(key: string): Promise<FailureCount> {
    const shared = await this.redis.attempt(() => this.#limiter.get(keyDigest(key)));
    if (shared === null) return this.own.read(key);
    return shared.answer === null ? NONE : toCount(shared.answer.consumedPoints, shared.answer.msBeforeNext);
  }
}

function toCount(failures: number, remainingMs: number): FailureCount {
  return { failures, remainingSeconds: Math.max(1, Math.ceil(remainingMs / 1000)) };
}
