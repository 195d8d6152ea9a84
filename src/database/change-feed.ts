import { Injectable, Logger } from '@nestjs/common';

export const CHANGE_TOPICS = [
  'settings',
  'permissions',
  'applications',
  'directory',
  'group',
  'token',
  'session',
] as const;

/** What can change under a running node: `directory` stands for a user, by its id, and `group` for a group, by its name. */
export type ChangeTopic = (typeof CHANGE_TOPICS)[number];

export interface Change {
  readonly topic: ChangeTopic;
  /** The key, name or id of what changed. */
  readonly subject: string;
}

/** Tells other nodes of changes that were made on this one. It must neither wait nor throw. */
type Relay = (changes: readonly Change[]) => void;

type Listener = (subjects: ReadonlySet<string>) => Promise<void> | void;

/** Tells those who keep a snapshot or a cache what to read again. */
@Injectable()
export class ChangeFeed {
  readonly #logger = new Logger(ChangeFeed.name);
  readonly #listeners = new Map<ChangeTopic, Listener[]>();
  readonly #relays: Relay[] = [];
  /** The change-log lines this node has acted on already. */
  readonly #seen = new Set<number>();

  subscribe(topic: ChangeTopic, listener: Listener): void {
    const listeners = this.#listeners.get(topic) ?? [];
    listeners.push(listener);
    this.#listeners.set(topic, listeners);
  }

  /** Has changes made on this node told to the other ones. */
  passOn(relay: Relay): void {
    this.#relays.push(relay);
  }

  /** Notes lines of the change log as acted on; true for those that were new. */
  expect(ids: readonly number[]): void {
    for (const id of ids) this.#seen.add(id);
  }

  hasSeen(id: number): boolean {
    return this.#seen.has(id);
  }

  /** Forgets lines before this one. */
  forgetBefore(id: number): void {
    for (const seen of this.#seen) if (seen < id) this.#seen.delete(seen);
  }

  /** Has this node act on changes that it has stored itself, and the other ones told of them. */
  async announce(changes: readonly Change[]): Promise<void> {
    for (const relay of this.#relays) relay(changes);
    await this.actOn(changes);
  }

  /** Has every listener act on the changes; one that fails three times is logged. */
  async actOn(changes: readonly Change[]): Promise<void> {
    const byTopic = new Map<ChangeTopic, Set<string>>();
    for (const { topic, subject } of changes) {
      const subjects = byTopic.get(topic) ?? new Set<string>();
      byTopic.set(topic, subjects.add(subject));
    }
    for (const [topic, subjects] of byTopic) {
      for (const listener of this.#listeners.get(topic) ?? []) {
        await this.#tell(listener, topic, subjects);
      }
    }
  }

  async #tell(listener: Listener, topic: ChangeTopic, subjects: ReadonlySet<string>): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await listener(subjects);
        return;
      } catch (error) {
        this.#logger.error(`A change of ${topic} could not be read: ${String(error)}`);
        if (attempt >= 3) return;
      }
    }
  }
}
