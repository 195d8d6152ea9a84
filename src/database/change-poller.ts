import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Between, MoreThanOrEqual } from 'typeorm';
import { CHANGE_TOPICS, type Change, type ChangeTopic } from '../peers/change.js';
import { ChangeEntity } from './change.entity.js';
import { ChangeFeed } from './change-feed.js';
import { LogPosition, type IdRange } from './log-position.js';
import { NodeRegistry } from './node.registry.js';
import { UnitOfWork } from './unit-of-work.js';

/** Well under the second that R64 allows. */
const INTERVAL_MS = 300;

/** After this time, another connection is tried, within the second of R80. */
const POLL_TIMEOUT_MS = 1_000;

/** How many lines are read at the start, to find the gaps between their ids. */
const READ_AT_START = 500;

/** A replica that serves the reads may be a little behind. */
const OWN_CHANGES_SHOW_WITHIN_MS = 10_000;

/**
 * Reads the change log, so that a change on one node reaches the others within a second (R64). A line counts as read
 * once this node has acted on it: after a failure, it is read again (R80).
 */
@Injectable()
export class ChangePoller implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(ChangePoller.name);
  #position = new LogPosition();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isFailing = false;
  #isStopped = false;

  private constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly changes: ChangeFeed,
    private readonly nodes: NodeRegistry,
  ) {}

  static async atEnd(unitOfWork: UnitOfWork, changes: ChangeFeed, nodes: NodeRegistry): Promise<ChangePoller> {
    const poller = new ChangePoller(unitOfWork, changes, nodes);
    poller.#position = await poller.#end();
    changes.noteActedUpTo(poller.#position.newest);
    return poller;
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.#poll();
    this.#timer = setInterval(() => void this.#pollNext(), INTERVAL_MS);
    this.#timer.unref();
    // A caller waits for the answer. If this reading finds the question itself, it confirms at its end.
    this.changes.subscribe('question', () => {
      void (this.#running ?? Promise.resolve()).then(() => this.#pollNext());
    });
  }

  async onModuleDestroy(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  #pollNext(): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    this.#running ??= this.#poll().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #poll(): Promise<void> {
    try {
      const readAt = this.nodes.moment();
      const isAsked = await this.#actOnNews();
      this.changes.noteActedUpTo(this.#position.newest);
      if (isAsked) this.nodes.confirm(this.#position.newest);
      // The rules are as new as the log that was read, and only once this node has acted on it.
      this.nodes.noteRead(readAt);
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#logger.warn(`The change log cannot be read or applied: ${String(error)}`);
      this.#isFailing = true;
    }
  }

  /** @returns whether a node may be waiting for the confirmation of this one (R78) */
  async #actOnNews(): Promise<boolean> {
    const { own } = this.changes;
    const due = own.olderThan(OWN_CHANGES_SHOW_WITHIN_MS);
    const lines = await this.#linesIn(this.#position.ranges);
    const fresh = this.#position.freshOf(lines);
    const found = new Set(fresh.map(({ changeSet }) => changeSet));
    if (!this.#position.isContinuedBy(lines) || due.some((changeSet) => !found.has(changeSet))) {
      await this.#readAnew();
      return true;
    }
    const news = fresh.filter((line) => isKnown(line) && !own.hasActedOn(line.changeSet));
    own.noteFound(found);
    await this.changes.actOn(news as (ChangeEntity & Change)[]);
    this.#position.advance(fresh, performance.now());
    return fresh.some(({ topic }) => topic === 'question');
  }

  /** The database has lost changes that this node acted on, and may reuse their ids. */
  async #readAnew(): Promise<void> {
    this.#logger.warn('The database was restored, or has lost its newest changes. Everything is read again.');
    const end = await this.#end();
    await this.changes.actOnAll();
    this.#position = end;
  }

  async #end(): Promise<LogPosition> {
    const newest = await this.unitOfWork.read(
      (manager) => manager.find(ChangeEntity, { order: { id: 'DESC' }, take: READ_AT_START }),
      { lane: 'changes' },
    );
    const position = new LogPosition();
    position.advance(newest.toReversed(), performance.now());
    return position;
  }

  #linesIn(ranges: readonly IdRange[]): Promise<ChangeEntity[]> {
    return this.unitOfWork.read(
      (manager) =>
        manager.find(ChangeEntity, {
          where: ranges.map(({ from, to }) => ({
            id: to === Number.MAX_SAFE_INTEGER ? MoreThanOrEqual(from) : Between(from, to),
          })),
          order: { id: 'ASC' },
        }),
      { lane: 'changes', timeoutMs: POLL_TIMEOUT_MS },
    );
  }
}

function isKnown({ topic }: ChangeEntity): boolean {
  return CHANGE_TOPICS.includes(topic as ChangeTopic);
}
