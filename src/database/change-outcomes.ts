import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Change } from '../peers/change.js';
import type { ChangeFeed } from './change-feed.js';
import { dialectOf } from './dialect/index.js';

/** After this time, or after a failure, the question is asked again. */
const QUESTION_TIMEOUT_MS = 1_000;

const ASKED_AGAIN_AFTER_MS = 100;

const SETTLED_EVERY_MS = 1_000;

export interface OpenOutcome {
  readonly changeSet: string;
  readonly changes: readonly Change[];
  /** Null if the database does not number its connections. */
  readonly connectionId: number | null;
  /** Called before anything acts on its changes. */
  readonly onStored: () => void;
}

type Read = <Result>(work: (manager: EntityManager) => Promise<Result>, timeoutMs: number) => Promise<Result>;

/** Finds out by the change log whether a transaction is stored whose COMMIT was not answered (R80). */
export class ChangeOutcomes {
  readonly #logger = new Logger(ChangeOutcomes.name);
  readonly #open = new Set<OpenOutcome>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @param read reads on another connection than the one that failed */
  constructor(
    private readonly read: Read,
    private readonly changes: ChangeFeed,
  ) {}

  /** Null if that could not be found out. */
  async find(outcome: OpenOutcome, timeoutMs: number): Promise<boolean | null> {
    const endTick = performance.now() + timeoutMs;
    for (;;) {
      const leftMs = Math.max(1, endTick - performance.now());
      const answer = await this.#ask(outcome, Math.min(leftMs, QUESTION_TIMEOUT_MS));
      if (answer !== null || performance.now() + ASKED_AGAIN_AFTER_MS > endTick) return answer;
      await delay(ASKED_AGAIN_AFTER_MS);
    }
  }

  settleLater(outcome: OpenOutcome): void {
    this.#open.add(outcome);
    // What this node has in memory of the subjects may be wrong now. It is read again when it is needed.
    this.actOnOpen().catch(() => undefined);
    this.#timer ??= setTimeout(() => void this.#settle(), SETTLED_EVERY_MS).unref();
  }

  /**
   * Reads again what transactions with an unknown outcome have changed, before a client learns that they are stored.
   * @throws ChangeNotActedOnError
   */
  async actOnOpen(): Promise<void> {
    if (this.#open.size > 0) await this.changes.actOn([...this.#open].flatMap(({ changes }) => changes));
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #settle(): Promise<void> {
    for (const outcome of this.#open) {
      const isStored = await this.#ask(outcome, QUESTION_TIMEOUT_MS);
      if (isStored === null) break;
      if (isStored) await this.#act(outcome);
      this.#open.delete(outcome);
    }
    this.#timer = undefined;
    if (this.#open.size === 0 || this.#isClosed) return;
    this.#timer = setTimeout(() => void this.#settle(), SETTLED_EVERY_MS).unref();
  }

  async #act({ changeSet, changes, onStored }: OpenOutcome): Promise<void> {
    onStored();
    this.#logger.warn('A change is stored although the database did not confirm its COMMIT. It takes effect now.');
    // If it fails, the reader of the change log finds the same lines.
    await this.changes.announce(changeSet, changes).catch(() => undefined);
  }

  async #ask({ changeSet, connectionId }: OpenOutcome, timeoutMs: number): Promise<boolean | null> {
    try {
      return await this.read(
        (manager) => dialectOf(manager.dataSource).isStored(manager, changeSet, connectionId),
        timeoutMs,
      );
    } catch {
      return null;
    }
  }
}
