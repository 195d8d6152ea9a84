import { randomBytes } from 'node:crypto';
import { setTimeout as startTimer } from 'node:timers';
import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../common/time/clock.js';
import { ChangeEntity } from './change.entity.js';
import { ChangeFeed, type Change, type ChangeTopic } from './change-feed.js';
import { isDeadlock } from './deadlock.js';
import { DatabaseUnavailableError, isDatabaseUnavailable } from './database-unavailable.js';

/** A server that is frozen or cut off answers nothing, not even that: after so long it counts as out of reach. */
const READ_TIMEOUT_MS = 10_000;

/** A transaction may hold many statements. One that is given up may still be stored: what it says counts. */
const TRANSACTION_TIMEOUT_MS = 30_000;

const CHANGE_SET_BYTES = 12;

/** One transaction: its manager, and the list of what it changes. */
export interface Unit {
  readonly manager: EntityManager;
  /** Notes that a subject has changed, so that every node reads it again once the transaction is stored. */
  changed(topic: ChangeTopic, subject: string): void;
}

/** A transaction that keeps losing against others is given up. */
const MAX_ATTEMPTS = 6;

const RETRY_DELAY_MS = 15;

/**
 * The one way to write. TypeORM's SQLite is a single connection: two transactions at a time are refused, and a write
 * made while another request's transaction is open vanishes with its rollback. So everything that writes, and every
 * read whose answer is kept, takes its turn there; a MySQL server has a connection for each.
 */
@Injectable()
export class UnitOfWork {
  readonly #isSingleConnection: boolean;
  readonly #beforeCommit: ((manager: EntityManager) => Promise<void>)[] = [];
  readonly #afterCommit: ((manager: EntityManager) => void)[] = [];
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly dataSource: DataSource,
    private readonly changes: ChangeFeed,
    private readonly clock: Clock,
  ) {
    this.#isSingleConnection = dataSource.options.type === 'better-sqlite3';
  }

  /**
   * Runs the work in one transaction: all of it is stored, or nothing. It must not call `run` or `read` itself, and it is
   * run again where the database took it back in favour of another one, so it must change nothing but the database.
   * When it returns, this node already acts on the changes (R64).
   */
  async run<Result>(work: (unit: Unit) => Promise<Result>): Promise<Result> {
    const changeSet = randomBytes(CHANGE_SET_BYTES).toString('base64url');
    let noted: Change[] = [];
    const unit = (manager: EntityManager): Unit => ({
      manager,
      changed: (topic, subject) => noted.push({ topic, subject }),
    });
    const transaction = async (): Promise<Result> => {
      noted = [];
      let stored: EntityManager | null = null;
      const result = await this.dataSource.transaction(async (manager) => {
        stored = manager;
        const answer = await work(unit(manager));
        for (const hook of this.#beforeCommit) await hook(manager);
        if (noted.length > 0) {
          const atMs = this.clock.nowMs();
          await manager.insert(
            ChangeEntity,
            noted.map((change) => ({ ...change, atMs, changeSet })),
          );
          this.changes.own.noteStoring(changeSet);
        }
        return answer;
      });
      if (stored !== null) for (const hook of this.#afterCommit) hook(stored);
      return result;
    };
    const result = await this.#inTurn(() => again(transaction), TRANSACTION_TIMEOUT_MS).catch((error: unknown) => {
      this.changes.own.forget(changeSet);
      throw error;
    });
    if (noted.length > 0) await this.changes.announce(changeSet, noted);
    return result;
  }

  /** Has something done at the end of every transaction, before it is stored: what it writes is part of it. */
  beforeCommit(hook: (manager: EntityManager) => Promise<void>): void {
    this.#beforeCommit.push(hook);
  }

  /** Has something done after every transaction that has been stored. It must neither fail nor take long. */
  afterCommit(hook: (manager: EntityManager) => void): void {
    this.#afterCommit.push(hook);
  }

  /** Runs reads that must not see another request's unfinished transaction. */
  read<Result>(work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    return this.#inTurn(() => work(this.dataSource.manager), READ_TIMEOUT_MS);
  }

  /**
   * Runs work that writes on a connection of its own, and not on TypeORM's. On SQLite, it takes its turn like a unit:
   * otherwise it and a unit would wait for each other's lock of the file.
   */
  elsewhere<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#inTurn(work, TRANSACTION_TIMEOUT_MS);
  }

  #inTurn<Result>(work: () => Promise<Result>, timeoutMs: number): Promise<Result> {
    if (!this.#isSingleConnection) return answerInTime(work(), timeoutMs);
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn.catch(failWhereUnavailable);
  }
}

/** Tries a transaction again that another one has won against; a little later each time, and not all at once. */
async function again<Result>(transaction: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transaction();
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !isDeadlock(error)) throw error;
      await setTimeout(attempt * RETRY_DELAY_MS * (0.5 + Math.random()));
    }
  }
}

function answerInTime<Result>(answer: Promise<Result>, timeoutMs: number): Promise<Result> {
  return new Promise((resolve, reject) => {
    const limit = startTimer(() => reject(new DatabaseUnavailableError(`no answer within ${timeoutMs} ms`)), timeoutMs);
    answer
      .catch(failWhereUnavailable)
      .finally(() => clearTimeout(limit))
      .then(resolve, reject);
  });
}

function failWhereUnavailable(error: unknown): never {
  throw isDatabaseUnavailable(error) ? new DatabaseUnavailableError(error) : error;
}
