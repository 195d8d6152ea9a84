import { randomBytes } from 'node:crypto';
import { setTimeout as startTimer } from 'node:timers';
import { setTimeout } from 'node:timers/promises';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { Clock } from '../common/time/clock.js';
import { ChangeEntity } from './change.entity.js';
import { ChangeOutcomes, type OpenOutcome } from './change-outcomes.js';
import { ChangeFeed, type Change, type ChangeTopic } from './change-feed.js';
import { isDeadlock } from './deadlock.js';
import { DatabaseUnavailableError, isDatabaseUnavailable, OutcomeUnknownError } from './database-unavailable.js';

/** A server that is frozen or cut off answers nothing, not even that: after so long it counts as out of reach. */
const READ_TIMEOUT_MS = 10_000;

/** A transaction may hold many statements. */
const TRANSACTION_TIMEOUT_MS = 30_000;

const CHANGE_SET_BYTES = 12;

/** One transaction: its manager, and the list of what it changes. */
export interface Unit {
  readonly manager: EntityManager;
  /** Notes that a subject has changed, so that every node reads it again once the transaction is stored. */
  changed(topic: ChangeTopic, subject: string): void;
}

/** What a transaction gives once it is stored. */
interface Stored<Result> {
  readonly value: Result;
  readonly manager: EntityManager;
}

/** How far a transaction has come. */
class Attempt<Result> {
  changes: Change[] = [];
  /** Set once everything is written: a failure after that says nothing of whether it is stored. */
  committing: { readonly stored: Stored<Result>; readonly connectionId: number | null } | null = null;
  #isGivenUp = false;

  /** Each one begins anew where the one before was taken back. */
  begin(): void {
    this.#refuseGivenUp();
    this.changes = [];
    this.committing = null;
  }

  /** @throws Error where its caller has been answered: it must not be stored any more */
  commit(stored: Stored<Result>, connectionId: number | null): Stored<Result> {
    this.#refuseGivenUp();
    this.committing = { stored, connectionId };
    return stored;
  }

  giveUp(): void {
    this.#isGivenUp = true;
  }

  #refuseGivenUp(): void {
    if (this.#isGivenUp) throw new Error('The transaction has been given up.');
  }
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
export class UnitOfWork implements OnApplicationShutdown {
  readonly #isSingleConnection: boolean;
  readonly #beforeCommit: ((manager: EntityManager) => Promise<void>)[] = [];
  readonly #afterCommit: ((manager: EntityManager) => void)[] = [];
  readonly #outcomes: ChangeOutcomes;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly dataSource: DataSource,
    private readonly changes: ChangeFeed,
    private readonly clock: Clock,
  ) {
    this.#isSingleConnection = dataSource.options.type === 'better-sqlite3';
    this.#outcomes = new ChangeOutcomes(
      (work, timeoutMs) => this.#inTurn(() => work(this.dataSource.manager), timeoutMs),
      changes,
    );
  }

  /**
   * Runs the work in one transaction: all of it is stored, or nothing. It must not call `run` or `read` itself, and it is
   * run again where the database took it back in favour of another one, so it must change nothing but the database.
   * When it returns, this node already acts on the changes (R64). Where the answer to the COMMIT is lost, the change log
   * is asked whether it is stored (R80).
   * @throws OutcomeUnknownError where that cannot be found out
   * @throws ChangeNotActedOnError where it is stored, and this node cannot act on it yet
   * @throws DatabaseUnavailableError where the database is out of reach, and nothing is stored
   */
  async run<Result>(work: (unit: Unit) => Promise<Result>): Promise<Result> {
    const changeSet = randomBytes(CHANGE_SET_BYTES).toString('base64url');
    const attempt = new Attempt<Result>();
    const result = await this.#inTurn(
      () => again(() => this.#transact(work, changeSet, attempt)),
      TRANSACTION_TIMEOUT_MS,
    ).catch((error: unknown) => this.#resultAfter(error, changeSet, attempt));
    for (const hook of this.#afterCommit) hook(result.manager);
    if (attempt.changes.length > 0) await this.changes.announce(changeSet, attempt.changes);
    await this.#outcomes.actOnOpen();
    return result.value;
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

  onApplicationShutdown(): void {
    this.#outcomes.close();
  }

  #transact<Result>(
    work: (unit: Unit) => Promise<Result>,
    changeSet: string,
    attempt: Attempt<Result>,
  ): Promise<Stored<Result>> {
    attempt.begin();
    return this.dataSource.transaction(async ({ queryRunner }) => {
      // One of its own for each: what is remembered by it must not outlive a transaction that is taken back.
      const manager = this.dataSource.createEntityManager(queryRunner);
      const { changes } = attempt;
      const value = await work({ manager, changed: (topic, subject) => void changes.push({ topic, subject }) });
      for (const hook of this.#beforeCommit) await hook(manager);
      if (changes.length > 0) {
        const atMs = this.clock.nowMs();
        await manager.insert(
          ChangeEntity,
          changes.map((change) => ({ ...change, atMs, changeSet })),
        );
      }
      const stored = attempt.commit({ value, manager }, connectionIdOf(queryRunner));
      if (changes.length > 0) this.changes.own.noteStoring(changeSet);
      return stored;
    });
  }

  /** What has become of a transaction that failed, or was given up. */
  async #resultAfter<Result>(error: unknown, changeSet: string, attempt: Attempt<Result>): Promise<Stored<Result>> {
    // From here on, the reader of the change log treats it like those of other nodes.
    this.changes.own.forget(changeSet);
    const { committing, changes } = attempt;
    attempt.giveUp();
    if (committing === null || changes.length === 0 || isDeadlock(error)) throw error;
    const { stored, connectionId } = committing;
    const outcome: OpenOutcome = {
      changeSet,
      changes,
      connectionId,
      onStored: () => this.#afterCommit.forEach((hook) => hook(stored.manager)),
    };
    const isStored = await this.#outcomes.find(outcome);
    if (isStored === true) return stored;
    if (isStored === false) throw error;
    this.#outcomes.settleLater(outcome);
    throw new OutcomeUnknownError(error);
  }

  #inTurn<Result>(work: () => Promise<Result>, timeoutMs: number): Promise<Result> {
    if (!this.#isSingleConnection) return answerInTime(work(), timeoutMs);
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn.catch(failWhereUnavailable);
  }
}

/** The server's number of the connection that a transaction runs on; null on SQLite. */
function connectionIdOf(runner: QueryRunner | undefined): number | null {
  const { databaseConnection } = runner as unknown as { databaseConnection?: { threadId?: unknown } };
  const id = databaseConnection?.threadId;
  return typeof id === 'number' ? id : null;
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
