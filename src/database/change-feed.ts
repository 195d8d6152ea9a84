import { Inject, Injectable, Logger, Optional, type OnModuleInit } from '@nestjs/common';
import type { Change, ChangeTopic } from '../peers/change.js';
import { ChangeChannel } from '../peers/change.channel.js';
import { DatabaseUnavailableError } from './database-unavailable.js';
import { OwnChangeSets } from './own-change-sets.js';

/** The keys, names or ids of what changed; `all` if everything must be read again. */
export type Subjects = ReadonlySet<string> | 'all';

type Listener = (subjects: Subjects) => Promise<void> | void;

const MAX_ATTEMPTS = 3;

/** How long attempts go on: the caller of a change waits, and a database can take long to fail. */
const ATTEMPTS_LAST_MS = 1_000;

@Injectable()
export class ChangeFeed implements OnModuleInit {
  readonly #logger = new Logger(ChangeFeed.name);
  readonly #listeners = new Map<ChangeTopic, Listener[]>();
  readonly own = new OwnChangeSets();
  #actedUpTo = 0;
  #version = 0;

  /** @param channel null in a process that only runs a command */
  constructor(@Optional() @Inject(ChangeChannel) private readonly channel: ChangeChannel | null = null) {}

  onModuleInit(): void {
    this.channel?.listen((changes) => this.actOn(changes));
  }

  subscribe(topic: ChangeTopic, listener: Listener): void {
    const listeners = this.#listeners.get(topic) ?? [];
    listeners.push(listener);
    this.#listeners.set(topic, listeners);
  }

  /**
   * The highest id of the change log that this node has acted on. A transaction may store lines with lower ids later,
   * so only a line that was written after a change proves that the node has acted on that change.
   */
  get actedUpTo(): number {
    return this.#actedUpTo;
  }

  /** Rises with every change that this node learns of. If it rises during a wait, what was read before may be outdated. */
  get version(): number {
    return this.#version;
  }

  noteActedUpTo(id: number): void {
    this.#actedUpTo = id;
  }

  /** @throws ChangeNotActedOnError if something cannot be read; the reader of the change log then tries again */
  async announce(changeSet: string, changes: readonly Change[]): Promise<void> {
    this.own.noteStored(changeSet);
    this.channel?.tell(changes);
    await this.actOn(changes);
    this.own.noteActedOn(changeSet);
  }

  /** @throws ChangeNotActedOnError if a listener fails again and again; the others have acted then */
  async actOn(changes: readonly Change[]): Promise<void> {
    const byTopic = new Map<ChangeTopic, Set<string>>();
    for (const { topic, subject } of changes) {
      const subjects = byTopic.get(topic) ?? new Set<string>();
      byTopic.set(topic, subjects.add(subject));
    }
    await this.#callAll(byTopic);
  }

  /** Makes every listener read everything again, because the database is not the same. @throws ChangeNotActedOnError */
  async actOnAll(): Promise<void> {
    this.own.clear();
    await this.#callAll(new Map([...this.#listeners.keys()].map((topic) => [topic, 'all'])));
  }

  async #callAll(byTopic: ReadonlyMap<ChangeTopic, Subjects>): Promise<void> {
    const failed = new Set<ChangeTopic>();
    for (const [topic, subjects] of byTopic) {
      for (const listener of this.#listeners.get(topic) ?? []) {
        if (!(await this.#call(listener, topic, subjects))) failed.add(topic);
      }
    }
    if (failed.size > 0) throw new ChangeNotActedOnError([...failed]);
  }

  async #call(listener: Listener, topic: ChangeTopic, subjects: Subjects): Promise<boolean> {
    const endTick = performance.now() + ATTEMPTS_LAST_MS;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const acting = listener(subjects);
        // By now the caches have dropped what changed. The snapshots are new after this.
        this.#version += 1;
        await acting;
        this.#version += 1;
        return true;
      } catch (error) {
        if (attempt < MAX_ATTEMPTS && performance.now() < endTick) continue;
        this.#logger.error(`A change of ${topic} could not be read: ${String(error)}`);
        return false;
      }
    }
  }
}

/** A change is stored, but this node could not read it back. */
export class ChangeNotActedOnError extends DatabaseUnavailableError {
  constructor(topics: readonly ChangeTopic[]) {
    super(
      `what changed could not be read (${topics.join(', ')})`,
      'The change is stored, but this server could not read it back yet. It takes effect as soon as the ' +
        'database answers.',
    );
  }
}
