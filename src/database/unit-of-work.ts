import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../common/time/clock.js';
import type { Change, ChangeTopic } from '../peers/change.js';
import { ChangeEntity } from './change.entity.js';
import { ChangeOutcomes, type OpenOutcome } from './change-outcomes.js';
import { ChangeFeed } from './change-feed.js';
import type { DatabaseLanes, DatabaseUse } from './database-lanes.js';
import { isDeadlock } from './deadlock.js';
import { DatabaseUnavailableError, isDatabaseUnavailable, OutcomeUnknownError } from './database-unavailable.js';
import { dialectOf } from './dialect/index.js';
import { insertRows } from './insert-rows.js';
import { LANES } from './lane-rules.js';

const CHANGE_SET_BYTES = 12;

/** A fifth of the caller's time is reserved for the question whether an unanswered COMMIT is stored. */
const OUTCOME_SHARE = 5;

export interface Unit {
  readonly manager: EntityManager;
  /** Every node reads the subject again once the transaction is stored. */
  changed(topic: ChangeTopic, subject: string): void;
}

interface Stored<Result> {
  readonly value: Result;
  readonly manager: EntityManager;
}

class Attempt<Result> {
  changes: Change[] = [];
  /** Set once everything is written. From then on, a failure does not show whether the transaction is stored. */
  committing: { readonly stored: Stored<Result>; readonly connectionId: number | null } | null = null;
  #isGivenUp = false;

  /** Call this after an attempt that was rolled back. */
  begin(): void {
    this.#refuseGivenUp();
    this.changes = [];
    this.committing = null;
  }

  /** @throws Error if its caller already has an answer: it must not be stored any more */
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

const MAX_ATTEMPTS = 6;

const RETRY_DELAY_MS = 15;

/**
 * TypeORM's SQLite is a single connection: it refuses a second transaction, and a write during a transaction disappears
 * with its rollback. So writers take turns there. On a server, each kind of work has its own connections. Callers wait
 * for a limited time (R81).
 */
@Injectable()
export class UnitOfWork implements OnApplicationShutdown {
  readonly #lanes: DatabaseLanes;
  readonly #beforeCommit: ((manager: EntityManager) => Promise<void>)[] = [];
  readonly #afterCommit: ((manager: EntityManager) => void)[] = [];
  readonly #outcomes: ChangeOutcomes;

  constructor(
    private readonly dataSource: DataSource,
    private readonly changes: ChangeFeed,
    private readonly clock: Clock,
  ) {
    this.#lanes = dialectOf(dataSource).openLanes(dataSource);
    this.#outcomes = new ChangeOutcomes(
      (work, timeoutMs) => this.withoutTransaction(work, { lane: 'changes', timeoutMs }),
      changes,
    );
  }

  /**
   * Runs the work in one transaction. The work must not call `run` or `read`. It runs again after a deadlock, so it
   * must change nothing but the database. When `run` returns, this node acts on the changes (R64). If the COMMIT is not
   * answered, the change log shows whether it is stored (R80).
   * @throws OutcomeUnknownError if that cannot be found out
   * @throws ChangeNotActedOnError if it is stored, and this node cannot act on it yet
   * @throws DatabaseUnavailableError if the database cannot be reached, and nothing is stored
   */
  async run<Result>(work: (unit: Unit) => Promise<Result>, use: DatabaseUse = {}): Promise<Result> {
    const changeSet = randomBytes(CHANGE_SET_BYTES).toString('base64url');
    const attempt = new Attempt<Result>();
    const limitMs = use.timeoutMs ?? LANES[use.lane ?? 'management'].timeoutMs;
    const askingMs = limitMs / OUTCOME_SHARE;
    const result = await this.#lanes
      // The rest of the limit is for the question whether it is stored.
      .write({ ...use, timeoutMs: limitMs - askingMs }, (connection) =>
        retryDeadlocks(() => this.#transact(connection, work, changeSet, attempt)),
      )
      .catch(failWhereUnavailable)
      .catch((error: unknown) => this.#resultAfter(error, changeSet, attempt, askingMs));
    for (const hook of this.#afterCommit) hook(result.manager);
    if (attempt.changes.length > 0) await this.changes.announce(changeSet, attempt.changes);
    await this.#outcomes.actOnOpen();
    return result.value;
  }

  beforeCommit(hook: (manager: EntityManager) => Promise<void>): void {
    this.#beforeCommit.push(hook);
  }

  /** The hook must neither fail nor take long. */
  afterCommit(hook: (manager: EntityManager) => void): void {
    this.#afterCommit.push(hook);
  }

  /** Reads see no unfinished transaction of other requests. @throws DatabaseUnavailableError */
  read<Result>(work: (manager: EntityManager) => Promise<Result>, use: DatabaseUse = {}): Promise<Result> {
    return this.#lanes.read(use, work).catch(failWhereUnavailable);
  }

  /**
   * For work that writes on its own connection. On SQLite it takes its turn: otherwise both would wait for the file's
   * lock.
   */
  elsewhere<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.withoutTransaction(() => work(), { lane: 'journal' });
  }

  /** For statements that begin and end their own transactions. */
  withoutTransaction<Result>(work: (manager: EntityManager) => Promise<Result>, use: DatabaseUse): Promise<Result> {
    return this.#lanes.write(use, work).catch(failWhereUnavailable);
  }

  /** Later calls still get an answer: other parts may write while they stop. */
  async onApplicationShutdown(): Promise<void> {
    this.#outcomes.close();
    await this.#lanes.close();
  }

  #transact<Result>(
    connection: EntityManager,
    work: (unit: Unit) => Promise<Result>,
    changeSet: string,
    attempt: Attempt<Result>,
  ): Promise<Stored<Result>> {
    attempt.begin();
    return connection.transaction(async ({ queryRunner }) => {
      // One manager for each transaction: its cache must not outlive a rollback.
      const manager = this.dataSource.createEntityManager(queryRunner);
      const { changes } = attempt;
      const value = await work({ manager, changed: (topic, subject) => void changes.push({ topic, subject }) });
      for (const hook of this.#beforeCommit) await hook(manager);
      const atMs = this.clock.nowMs();
      await insertRows(
        manager,
        ChangeEntity,
        changes.map((change) => ({ ...change, atMs, changeSet })),
      );
      const stored = attempt.commit({ value, manager }, dialectOf(this.dataSource).connectionIdOf(queryRunner));
      if (changes.length > 0) this.changes.own.noteStoring(changeSet);
      return stored;
    });
  }

  /** For a transaction that failed or took too long. */
  async #resultAfter<Result>(
    error: unknown,
    changeSet: string,
    attempt: Attempt<Result>,
    askingMs: number,
  ): Promise<Stored<Result>> {
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
    const isStored = await this.#outcomes.find(outcome, askingMs);
    if (isStored === true) return stored;
    if (isStored === false) throw error;
    this.#outcomes.settleLater(outcome);
    throw new OutcomeUnknownError(error);
  }
}

/** Waits longer each time, and for a random time. */
async function retryDeadlocks<Result>(transaction: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transaction();
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !isDeadlock(error)) throw error;
      await setTimeout(attempt * RETRY_DELAY_MS * (0.5 + Math.random()));
    }
  }
}

function failWhereUnavailable(error: unknown): never {
  throw isDatabaseUnavailable(error) ? new DatabaseUnavailableError(error) : error;
}
