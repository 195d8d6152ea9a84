import { Inject, Injectable, Logger, Optional, type OnModuleInit } from '@nestjs/common';
import type { Change, ChangeTopic } from '../peers/change.js';
import { ChangeChannel } from '../peers/change.channel.js';
import { DatabaseUnavailableError } from './database-unavailable.js';
import { OwnChangeSets } from './own-change-sets.js';

/** The keys, names or ids of what changed; `all` if everything must be read again. */
export type Subjects = ReadonlySet<string> | 'all';

/** Reads again what has changed. If it rejects, the node has not acted on the change. */
type Listener = (subjects: Subjects) => Promise<void> | void;

const MAX_ATTEMPTS = 3;

/** How long attempts go on: the caller of a change waits, and a database can take long to fail. */
const ATTEMPTS_LAST_MS = 1_000;

/** Makes the snapshots and caches read again what has changed. */
@Injectable()
export class ChangeFeed implements OnModuleInit {
  readonly #logger = new Logger(ChangeFeed.name);
  readonly #listeners = new Map<ChangeTopic, Listener[]>();
  /** The changes that this node stores itself. */
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
   * later than that. So only a line that was written after a change was stored proves it: a node that has acted up to the
   * id of that line has acted on the change.
   */
  get actedUpTo(): number {
    return this.#actedUpTo;
  }

  /** Rises with every change that this node learns of. If it rises during a wait, what was read before may be outdated. */
  get version(): number {
    return this.#version;
  }

  /** For the reader of the change log. */
  noteActedUpTo(id: number): void {
    this.#actedUpTo = id;
  }

  /**
   * Acts on changes that this node has stored itself, and tells the other processes of them.
   * @param changeSet the id in their lines of the change log
   * @throws ChangeNotActedOnError if something cannot be read; the reader of the change log then tries again
   */
  async announce(changeSet: string, changes: readonly Change[]): Promise<void> {
    this.own.noteStored(changeSet);
    this.channel?.tell(changes);
    await this.actOn(changes);
    this.own.noteActedOn(changeSet);
  }

  /**
   * Calls every listener of the changes.
   * @throws ChangeNotActedOnError if a listener fails again and again; the others have acted then
   */
  async actOn(changes: readonly Change[]): Promise<void> {
    const byTopic = new Map<ChangeTopic, Set<string>>();
    for (const { topic, subject } of changes) {
      const subjects = byTopic.get(topic) ?? new Set<string>();
      byTopic.set(topic, subjects.add(subject));
    }
    await this.#callAll(byTopic);
  }

  /**
   * Makes every listener read everything again: the database is not the same as before.
   * @throws ChangeNotActedOnError
   */
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

  /** @returns whether the listener has acted */
  async #call(listener: Listener, topic: ChangeTopic, subjects: Subjects): Promise<boolean> {
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
