import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Redis } from 'ioredis';
import { Clock } from '../common/time/clock.js';
import { inTime } from '../common/time/in-time.js';
import { CONFIGURATION } from '../config/config.module.js';
import type { Configuration } from '../config/env.js';
import { FailurePause, PEER_TIMEOUT_MS } from './failure-pause.js';

/** A connection that owes an answer for longer is replaced. */
const SOCKET_TIMEOUT_MS = 2_000;

/** A subscriber sends nothing by itself: without a ping, it would wait for ever on a silent connection. */
const PING_INTERVAL_MS = 1_000;

const CONNECT_TIMEOUT_MS = 2_000;
const MAX_RECONNECT_DELAY_MS = 1_000;

/** Nothing depends on Redis: without it, this node answers alone, at once, and logs it once. */
@Injectable()
export class RedisLink implements OnModuleDestroy {
  readonly #logger = new Logger('Redis');
  readonly #url: string | null;
  readonly #connections: Redis[] = [];
  readonly #pause: FailurePause;
  readonly client: Redis | null;
  #isDown = false;
  #isClosed = false;
  #pings: NodeJS.Timeout | undefined;

  constructor(@Inject(CONFIGURATION) configuration: Configuration, clock: Clock) {
    this.#pause = new FailurePause(clock);
    this.#url = configuration.redisUrl;
    this.client = this.connect();
    this.client?.on('ready', () => this.#noteUp());
    this.client?.on('close', () => this.#noteDown('the connection is closed'));
    this.client?.on('error', (error: Error) => this.#noteDown(error.message));
  }

  /** For a subscriber: replaced whenever it breaks. Null without REDIS_URL. */
  connect(): Redis | null {
    if (this.#url === null) return null;
    const connection = new Redis(this.#url, {
      connectTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SOCKET_TIMEOUT_MS,
      keepAlive: 10_000,
      // A late message is of no use.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (attempt: number) => Math.min(attempt * 50, MAX_RECONNECT_DELAY_MS),
    });
    // Without a listener, an error is written to the console, again and again.
    connection.on('error', () => undefined);
    this.#connections.push(connection);
    this.#pings ??= setInterval(() => this.#pingAll(), PING_INTERVAL_MS).unref();
    return connection;
  }

  /** @returns null if Redis is not ready, or did not answer in time; never rejects */
  async attempt<Answer>(ask: (client: Redis) => Promise<Answer>): Promise<{ readonly answer: Answer } | null> {
    const { client } = this;
    if (client === null || client.status !== 'ready' || this.#pause.isOn) return null;
    try {
      const answer = await inTime(
        ask(client),
        PEER_TIMEOUT_MS,
        () => new Error(`no answer within ${PEER_TIMEOUT_MS} ms`),
      );
      this.#noteUp();
      return { answer };
    } catch (error) {
      this.#pause.start();
      this.#noteDown(error instanceof Error ? error.message : String(error));
      return null;
    }
  }

  onModuleDestroy(): void {
    this.#isClosed = true;
    clearInterval(this.#pings);
    for (const connection of this.#connections) connection.disconnect();
  }

  #pingAll(): void {
    for (const connection of this.#connections) {
      if (connection.status === 'ready') connection.ping().catch(() => undefined);
    }
  }

  #noteDown(reason: string): void {
    if (this.#isDown || this.#isClosed) return;
    this.#isDown = true;
    this.#logger.warn(
      `Redis cannot be used (${reason}). Until it can, each node counts failed credentials by itself and reads ` +
        'the changes of other nodes only from the database.',
    );
  }

  #noteUp(): void {
    if (!this.#isDown) return;
    this.#isDown = false;
    this.#logger.log('Redis can be used again.');
  }
}
