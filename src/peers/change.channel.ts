import { randomUUID } from 'node:crypto';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { CHANGE_TOPICS, type Change, type ChangeTopic } from './change.js';
import { PeerLink } from './peer.link.js';
import { RedisLink } from './redis.link.js';

const CHANNEL = 'scopegate:changes';

/**
 * Announces a change to the other workers through the primary process, and to the other nodes through Redis, so that
 * they act on it at once (R64). A message may get lost or come twice: the change log is read as well, and a message only
 * says what to read again.
 */
@Injectable()
export class ChangeChannel implements OnModuleDestroy {
  readonly #logger = new Logger(ChangeChannel.name);
  /** Marks this node's own messages in Redis. */
  readonly #node = randomUUID();
  readonly #acting = new Set<Promise<void>>();
  #isClosed = false;

  constructor(
    private readonly peers: PeerLink,
    private readonly redis: RedisLink,
  ) {}

  /** Neither waits nor throws. */
  tell(changes: readonly Change[]): void {
    this.peers.primary?.tell('changes', changes);
    void this.redis.attempt((client) => client.publish(CHANNEL, JSON.stringify({ node: this.#node, changes })));
  }

  /** @param act reads again what another process has changed */
  listen(act: (changes: readonly Change[]) => Promise<void>): void {
    const receive = (changes: readonly Change[]): void => {
      if (this.#isClosed) return;
      // At once, because the one before may wait for a slow read. In any order, each reads what is stored by then.
      const acting = act(changes)
        // The reader of the change log finds the change as well, and repeats it until it is acted on.
        .catch(() => undefined)
        .finally(() => this.#acting.delete(acting));
      this.#acting.add(acting);
    };
    this.peers.primary?.on('changes', receive);
    const subscriber = this.redis.connect();
    subscriber?.on('ready', () => {
      subscriber.subscribe(CHANNEL).catch((error: unknown) => {
        this.#logger.warn(`This node cannot subscribe to the changes of other nodes: ${String(error)}`);
      });
    });
    subscriber?.on('message', (_channel: string, text: string) => {
      const message = readMessage(text);
      if (message !== null && message.node !== this.#node) receive(message.changes);
    });
  }

  async onModuleDestroy(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#acting);
  }
}

/** Null if the text is not the message of another node. */
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
  // A node of another version may send topics that are unknown here.
  return { node, changes: changes.filter(isChange) };
}

function isChange(value: unknown): value is Change {
  if (typeof value !== 'object' || value === null || !('topic' in value) || !('subject' in value)) return false;
  return CHANGE_TOPICS.includes(value.topic as ChangeTopic) && typeof value.subject === 'string';
}
