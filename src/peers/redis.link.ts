import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Redis } from 'ioredis';
import { Clock } from '../common/time/clock.js';
import { inTime } from '../common/time/in-time.js';
import { CONFIGURATION } from '../config/config.module.js';
import type { Configuration } from '../config/env.js';

/** How long anything waits for Redis: a client waits meanwhile. */
const TIMEOUT_MS = 200;

/** How long Redis is not asked after it has failed to answer, so that not every request waits for it. */
const PAUSE_MS = 1_000;

/** A connection with an answer that is due for longer than this is replaced. */
const SOCKET_TIMEOUT_MS = 2_000;

/** A subscriber sends nothing by itself: without a ping, it would wait for ever on a silent connection. */
const PING_INTERVAL_MS = 1_000;

const CONNECT_TIMEOUT_MS = 2_000;
const MAX_RECONNECT_DELAY_MS = 1_000;

/**
 * The connection to Redis, if REDIS_URL is set. Nothing depends on it: without Redis, this node answers alone, at once,
 * and the log says so once.
 */
@Injectable()
export class RedisLink implements OnModuleDestroy {
  readonly #logger = new Logger('Redis');
  readonly #url: string | null;
  readonly #connections: Redis[] = [];
  /** The connection for commands; null without REDIS_URL. */
  readonly client: Redis | null;
  #pausedUntilMs = 0;
  #isDown = false;
  #isClosed = false;
  #pings: NodeJS.Timeout | undefined;

  constructor(
    @Inject(CONFIGURATION) configuration: Configuration,
    private readonly clock: Clock,
  ) {
    this.#url = configuration.redisUrl;
    this.client = this.connect();
    this.client?.on('ready', () => this.#noteUp());
    this.client?.on('close', () => this.#noteDown('the connection is closed'));
    this.client?.on('error', (error: Error) => this.#noteDown(error.message));
  }

  /** Another connection, for a subscriber; it is replaced whenever it breaks. Null without REDIS_URL. */
  connect(): Redis | null {
    if (this.#url === null) return null;
    const connection = new Redis(this.#url, {
      connectTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SOCKET_TIMEOUT_MS,
      keepAlive: 10_000,
      // What is not sent now is of no use later.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (attempt: number) => Math.min(attempt * 50, MAX_RECONNECT_DELAY_MS),
    });
    // An error without a listener is written to the console, again and again.
    connection.on('error', () => undefined);
    this.#connections.push(connection);
    this.#pings ??= setInterval(() => this.#pingAll(), PING_INTERVAL_MS).unref();
    return connection;
  }

  /**
   * Asks Redis something, if it is ready.
   * @returns null if it is not, or did not answer in time; never rejects
   */
  async attempt<Answer>(ask: (client: Redis) => Promise<Answer>): Promise<{ readonly answer: Answer } | null> {
    const { client } = this;
    if (client === null || client.status !== 'ready' || this.clock.nowMs() < this.#pausedUntilMs) return null;
    try {
      const answer = await inTime(ask(client), TIMEOUT_MS, () => new Error(`no answer within ${TIMEOUT_MS} ms`));
      this.#noteUp();
      return { answer };
    } catch (error) {
      this.#pausedUntilMs = this.clock.nowMs() + PAUSE_MS;
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
