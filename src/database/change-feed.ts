import { Inject, Injectable, Logger, Optional, type OnModuleInit } from '@nestjs/common';
import type { Change, ChangeTopic } from '../peers/change.js';
import { ChangeChannel } from '../peers/change.channel.js';
import { DatabaseUnavailableError } from './database-unavailable.js';
import { OwnChangeSets } from './own-change-sets.js';

/** The keys, names or ids of what changed; `all` where everything has to be read anew. */
export type Subjects = ReadonlySet<string> | 'all';

/** Reads again what has changed. It rejects where that fails: the change then counts as not acted on. */
type Listener = (subjects: Subjects) => Promise<void> | void;

const MAX_ATTEMPTS = 3;

/** A database that takes its time to fail is not asked again while the caller of a change waits. */
const ATTEMPTS_LAST_MS = 1_000;

/** Tells those who keep a snapshot or a cache what to read again. */
@Injectable()
export class ChangeFeed implements OnModuleInit {
  readonly #logger = new Logger(ChangeFeed.name);
  readonly #listeners = new Map<ChangeTopic, Listener[]>();
  /** What this node stores itself. */
  readonly own = new OwnChangeSets();
  #actedUpTo = 0;
  #version = 0;

  /** @param channel to the other processes; none in a process that only runs a command */
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
   * The highest id of the change log that this node has read and acted on. A transaction may store lines with lower ids
   * later than that. So only a line that was written after a change had been stored tells of it: a node that has
   * acted up to the id of that line acts on the change.
   */
  get actedUpTo(): number {
    return this.#actedUpTo;
  }

  /**
   * Rises with everything that this node learns of changes. Where it is another number than before a wait, what was found
   * out before may not hold any more.
   */
  get version(): number {
    return this.#version;
  }

  /** For the reader of the change log. */
  noteActedUpTo(id: number): void {
    this.#actedUpTo = id;
  }

  /**
   * Has this node act on changes that it has stored itself, and the other ones told of them.
   * @param changeSet the id that the lines of the change log have
   * @throws ChangeNotActedOnError where something cannot be read; the reader of the change log then tries again
   */
  async announce(changeSet: string, changes: readonly Change[]): Promise<void> {
    this.own.noteStored(changeSet);
    this.channel?.tell(changes);
    await this.actOn(changes);
    this.own.noteActedOn(changeSet);
  }

  /**
   * Has every listener act on the changes.
   * @throws ChangeNotActedOnError where one of them fails again and again; the other ones have acted then
   */
  async actOn(changes: readonly Change[]): Promise<void> {
    const byTopic = new Map<ChangeTopic, Set<string>>();
    for (const { topic, subject } of changes) {
      const subjects = byTopic.get(topic) ?? new Set<string>();
      byTopic.set(topic, subjects.add(subject));
    }
    await this.#tellAll(byTopic);
  }

  /**
   * Has every listener read everything anew, as where the database is another one than before.
   * @throws ChangeNotActedOnError
   */
  async actOnAll(): Promise<void> {
    this.own.clear();
    await this.#tellAll(new Map([...this.#listeners.keys()].map((topic) => [topic, 'all'])));
  }

  async #tellAll(byTopic: ReadonlyMap<ChangeTopic, Subjects>): Promise<void> {
    const failed = new Set<ChangeTopic>();
    for (const [topic, subjects] of byTopic) {
      for (const listener of this.#listeners.get(topic) ?? []) {
        if (!(await this.#tell(listener, topic, subjects))) failed.add(topic);
      }
    }
    if (failed.size > 0) throw new ChangeNotActedOnError([...failed]);
  }

  /** @returns whether the listener has acted */
  async #tell(listener: Listener, topic: ChangeTopic, subjects: Subjects): Promise<boolean> {
    const endTick = performance.now() + ATTEMPTS_LAST_MS;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const acting = listener(subjects);
        // Caches have forgotten by now; snapshots are new once this is over.
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

/** A change is stored, and this node could not read what it has to act by now. */
export class ChangeNotActedOnError extends DatabaseUnavailableError {
  constructor(topics: readonly ChangeTopic[]) {
    super(
      `what changed could not be read (${topics.join(', ')})`,
      'The change is stored, but this server could not read it back yet. It takes effect as soon as the ' +
        'database answers.',
    );
  }
}
