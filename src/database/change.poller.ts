import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { MoreThan } from 'typeorm';
import { Clock } from '../common/time/clock.js';
import { ChangeEntity } from './change.entity.js';
import { ChangeFeed, CHANGE_TOPICS, type Change, type ChangeTopic } from './change-feed.js';
import { NodeRegistry } from './node.registry.js';
import { UnitOfWork } from './unit-of-work.js';

/** Well under the second that R64 allows. */
const INTERVAL_MS = 300;

/**
 * Ids are given out before a transaction is stored, so a line can appear below one that was read already: this many
 * lines are looked at again.
 */
const OVERLAP = 500;

/** How far the clocks of two nodes may be apart. */
const CLOCK_SKEW_MS = 60_000;

/** Reads the change log, so that a change made on one node reaches the others within a second (R64). */
@Injectable()
export class ChangePoller implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(ChangePoller.name);
  readonly #startedAtMs: number;
  #newest = 0;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isFailing = false;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly changes: ChangeFeed,
    private readonly nodes: NodeRegistry,
    clock: Clock,
  ) {
    this.#startedAtMs = clock.nowMs();
  }

  async onApplicationBootstrap(): Promise<void> {
    const rows = await this.#rowsAfter(0, true);
    // The snapshots were read during the start: what changed since then, or shortly before, is read again.
    const old = rows.filter((row) => row.atMs < this.#startedAtMs - CLOCK_SKEW_MS);
    this.#newest = old.at(-1)?.id ?? 0;
    this.changes.expect(old.map((row) => row.id));
    await this.#poll();
    this.#timer = setInterval(() => {
      this.#running ??= this.#poll().finally(() => (this.#running = undefined));
    }, INTERVAL_MS);
    this.#timer.unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  async #poll(): Promise<void> {
    try {
      const readAt = this.nodes.moment();
      const rows = await this.#rowsAfter(Math.max(0, this.#newest - OVERLAP), false);
      const fresh = rows.filter((row) => !this.changes.hasSeen(row.id));
      // Lines of this node's own count as well: the window that is read again follows all of them.
      this.#newest = Math.max(this.#newest, rows.at(-1)?.id ?? 0);
      this.changes.forgetBefore(this.#newest - 2 * OVERLAP);
      this.changes.expect(fresh.map((row) => row.id));
      await this.changes.actOn(
        fresh.filter((row): row is ChangeEntity & Change => CHANGE_TOPICS.includes(row.topic as ChangeTopic)),
      );
      // The rules are as young as the log that was read, and only once it has been acted on.
      await this.nodes.beat(readAt);
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#logger.warn(`The change log cannot be read: ${String(error)}`);
      this.#isFailing = true;
    }
  }

  #rowsAfter(id: number, newestOnly: boolean): Promise<ChangeEntity[]> {
    return this.unitOfWork.read(async (manager) => {
      if (!newestOnly) {
        return manager.find(ChangeEntity, { where: { id: MoreThan(id) }, order: { id: 'ASC' } });
      }
      const rows = await manager.find(ChangeEntity, { order: { id: 'DESC' }, take: OVERLAP });
      return rows.reverse();
    });
  }
}
