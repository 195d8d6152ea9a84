import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ChangeEntity } from './change.entity.js';
import { ChangeFeed } from './change-feed.js';
import { dialectOf } from './dialect/index.js';
import { NodeRegistry, type KnownNode } from './node.registry.js';
import { UnitOfWork } from './unit-of-work.js';

/** The caller of a change waits (R78). */
const MAX_WAIT_MS = 5_000;

const READ_INTERVAL_MS = 40;

export interface Acknowledgement {
  readonly confirmedBy: readonly string[];
  /** The nodes without a confirmation after five seconds. */
  readonly missing: readonly string[];
}

interface Question {
  readonly id: number;
  readonly atMs: number;
}

/**
 * Asks every live node whether it acts on everything that is stored (R78). The question is a line of the change log: a
 * node that has acted on it notes so in its row of the table of nodes, which this node reads. If no caller asks,
 * nothing is written. Redis makes it faster, but is not needed.
 */
@Injectable()
export class ChangeAcknowledgement {
  readonly #logger = new Logger(ChangeAcknowledgement.name);
  readonly #nowSql: string;
  #reading: Promise<readonly KnownNode[]> | null = null;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly changes: ChangeFeed,
    private readonly nodes: NodeRegistry,
    dataSource: DataSource,
  ) {
    this.#nowSql = dialectOf(dataSource).nowMsSql;
  }

  async wait(): Promise<Acknowledgement> {
    const giveUp = new AbortController();
    const limit = setTimeout(() => giveUp.abort(), MAX_WAIT_MS);
    // The answer if the database cannot be reached: no node has confirmed.
    const state = { confirmedBy: [] as readonly string[], missing: this.nodes.liveNodes };
    const asking = this.#ask(giveUp.signal, (confirmedBy, missing) => Object.assign(state, { confirmedBy, missing }));
    const late = new Promise<void>((resolve) => giveUp.signal.addEventListener('abort', () => resolve()));
    try {
      await Promise.race([asking, late]);
    } catch (error) {
      this.#logger.warn(`The confirmations of the nodes cannot be read: ${String(error)}`);
    } finally {
      clearTimeout(limit);
      giveUp.abort();
    }
    return { confirmedBy: state.confirmedBy, missing: state.missing };
  }

  async #ask(
    signal: AbortSignal,
    note: (confirmedBy: readonly string[], missing: readonly string[]) => void,
  ): Promise<void> {
    const question = await this.#write();
    while (!signal.aborted) {
      const live = (await this.#readNodes()).filter(({ isLive }) => isLive);
      const confirmedBy = live.filter((node) => hasAnswered(node, question)).map(({ id }) => id);
      const missing = live.filter((node) => !hasAnswered(node, question)).map(({ id }) => id);
      if (!signal.aborted) note(confirmedBy, missing);
      if (missing.length === 0) return;
    }
  }

  async #write(): Promise<Question> {
    const changeSet = randomBytes(16).toString('hex');
    const question = await this.unitOfWork.run(async ({ manager }) => {
      await manager
        .createQueryBuilder()
        .insert()
        .into(ChangeEntity)
        .values({ topic: 'question', subject: this.nodes.id, changeSet, atMs: () => this.#nowSql })
        .execute();
      return manager.findOneByOrFail(ChangeEntity, { changeSet });
    });
    await this.changes.announce(changeSet, [{ topic: 'question', subject: this.nodes.id }]);
    return question;
  }

  #readNodes(): Promise<readonly KnownNode[]> {
    this.#reading ??= sleep(READ_INTERVAL_MS)
      .then(() => this.nodes.readNodes())
      .finally(() => (this.#reading = null));
    return this.#reading;
  }
}

/** The time shows that the answer is not one from before the database was restored. */
function hasAnswered({ actedUpTo, actedAtMs }: KnownNode, { id, atMs }: Question): boolean {
  return actedUpTo !== null && actedAtMs !== null && actedUpTo >= id && actedAtMs >= atMs;
}
