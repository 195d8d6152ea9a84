import { randomUUID } from 'node:crypto';
import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { ChangeFeed, CHANGE_TOPICS, type Change, type ChangeTopic } from './change-feed.js';
import { RedisLink } from './redis.link.js';

const CHANNEL = 'scopegate:changes';

/**
 * Tells the other nodes of a change by way of Redis, so that they act on it at once (R64). A message may get lost and
 * may come twice: the change log is still read, and what is told here is only what to read again.
 */
@Injectable()
export class ChangeChannel implements OnModuleInit, OnModuleDestroy {
  readonly #logger = new Logger(ChangeChannel.name);
  /** Tells this node's own messages from those of the others. */
  readonly #node = randomUUID();
  readonly #acting = new Set<Promise<void>>();
  #isClosed = false;

  constructor(
    private readonly redis: RedisLink,
    private readonly changes: ChangeFeed,
  ) {}

  onModuleInit(): void {
    const subscriber = this.redis.connect();
    if (subscriber === null) return;
    subscriber.on('ready', () => {
      subscriber.subscribe(CHANNEL).catch((error: unknown) => {
        this.#logger.warn(`This node cannot subscribe to the changes of other nodes: ${String(error)}`);
      });
    });
    subscriber.on('message', (_channel: string, text: string) => this.#receive(text));
    this.changes.passOn((changes) => this.#publish(changes));
  }

  async onModuleDestroy(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#acting);
  }

  #publish(changes: readonly Change[]): void {
    const text = JSON.stringify({ node: this.#node, changes });
    void this.redis.attempt((client) => client.publish(CHANNEL, text));
  }

  #receive(text: string): void {
    const message = readMessage(text);
    if (this.#isClosed || message === null || message.node === this.#node) return;
    // At once: the one before may wait for a slow read. Whatever the order, what is read is what is stored by then.
    const acting = this.changes
      .actOn(message.changes)
      // The reader of the change log meets the change as well, and does not leave it before it has been acted on.
      .catch(() => undefined)
      .finally(() => this.#acting.delete(acting));
    this.#acting.add(acting);
  }
}

/** What another node has published; null where the text is nothing of the kind. */
function readMessage(text: string): { readonly node: string; readonly changes: readonly Change[] } | null {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof message !== 'object' || message === null || !('node' in message) || !('changes' in message)) return null;
  const { node, changes } = message;
  if (typeof node !== 'string' || !Array.isArray(changes)) return null;
  // A node of another version may know topics that this one does not.
  return { node, changes: changes.filter(isChange) };
}

function isChange(value: unknown): value is Change {
  if (typeof value !== 'object' || value === null || !('topic' in value) || !('subject' in value)) return false;
  return CHANGE_TOPICS.includes(value.topic as ChangeTopic) && typeof value.subject === 'string';
}
