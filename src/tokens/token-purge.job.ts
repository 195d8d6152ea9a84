import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { AuditRetention } from '../audit/audit.retention.js';
import { ChangeLogRetention } from '../database/change-log.retention.js';
import { DatabaseClock } from '../database/database-clock.js';
import { HeldLease } from '../database/held-lease.js';
import { IdempotentAnswers } from '../database/idempotent-answers.js';
import { LeaseService } from '../database/lease.service.js';
import type { PurgedBatch } from '../database/purged-batch.js';
import { DeletionsService } from '../directory/deletions.service.js';
import { SettingsService } from '../settings/settings.service.js';
import { SessionsService } from './sessions.service.js';
import { TokenPurger } from './token.purger.js';

const INTERVAL_MS = 10_000;

const LEASE_TIMES = { durationMs: 20_000, renewalMs: 5_000 };

/** Requests can use the rows, and SQLite's only connection, between two batches. */
const PAUSE_MS = 20;

const DAY_MS = 86_400_000;

/** Nodes read the change log several times a second. */
const CHANGE_LOG_DAYS = 1;

const STEPS = ['deletions', 'tokens', 'sessions', 'auditEvents', 'changeLines', 'idempotentAnswers'] as const;

type Step = (typeof STEPS)[number];

export type Purged = Readonly<Record<Step, number>>;

/**
 * Removes ended tokens (R65), ended sessions (R11), audit events (R60), lines of the change log and answers to an
 * `Idempotency-Key`. Continues interrupted deletions. One process at a time does this, under a lease.
 */
@Injectable()
export class TokenPurgeJob implements OnModuleDestroy {
  readonly #logger = new Logger(TokenPurgeJob.name);
  readonly #lease: HeldLease;
  #last: Promise<unknown> = Promise.resolve();
  #isRunning = false;
  #isStopping = false;
  #isFailing = false;

  constructor(
    leases: LeaseService,
    private readonly deletions: DeletionsService,
    private readonly tokens: TokenPurger,
    private readonly sessions: SessionsService,
    private readonly auditEvents: AuditRetention,
    private readonly changeLog: ChangeLogRetention,
    private readonly idempotentAnswers: IdempotentAnswers,
    private readonly settings: SettingsService,
    private readonly clock: DatabaseClock,
  ) {
    this.#lease = new HeldLease(leases, 'purge', LEASE_TIMES);
  }

  @Interval(INTERVAL_MS)
  async purgeInTurn(): Promise<void> {
    if (this.#isRunning) return;
    try {
      await this.purgeOnce();
      this.#isFailing = false;
    } catch (error) {
      // One log line for an outage, not one for each run.
      if (!this.#isFailing) this.#logger.warn(`The purge failed: ${String(error)}`);
      this.#isFailing = true;
    }
  }

  /** Waits for a run in progress first. @returns null if another process holds the lease */
  purgeOnce(): Promise<Purged | null> {
    const run = this.#last.then(() => this.#purge());
    this.#last = run.catch(() => undefined);
    return run;
  }

  async onModuleDestroy(): Promise<void> {
    this.#isStopping = true;
    await this.#last;
    await this.#lease.release().catch((error: unknown) => {
      this.#logger.warn(`The lease of the purge could not be released and ends by itself: ${String(error)}`);
    });
  }

  async #purge(): Promise<Purged | null> {
    this.#isRunning = true;
    try {
      if (this.#isStopping || !(await this.#lease.hold())) return null;
      const removed = Object.fromEntries(STEPS.map((step) => [step, 0])) as Record<Step, number>;
      const failures: unknown[] = [];
      // One instant, so that the run ends. The clock of the database, because several nodes wrote the times.
      const nowMs = await this.clock.readMs();
      let left: readonly Step[] = STEPS;
      // One batch of each step in turn, so that a year of audit events does not delay the tokens.
      for (;;) {
        const next: Step[] = [];
        for (const step of left) {
          if (this.#isStopping) break;
          try {
            const batch = await this.#purgeBatch(step, nowMs);
            removed[step] += batch.removed;
            if (batch.hasMore) next.push(step);
          } catch (error) {
            failures.push(error);
          }
        }
        left = next;
        if (left.length === 0 || this.#isStopping || !(await this.#lease.stillHolds())) break;
        await pause(PAUSE_MS);
      }
      this.#report(removed);
      if (failures.length > 0) throw failures[0];
      return removed;
    } finally {
      this.#isRunning = false;
    }
  }

  /** Reads the settings for each batch: a longer retention takes effect as soon as it is saved. */
  #purgeBatch(step: Step, nowMs: number): Promise<PurgedBatch> {
    const { purge, audit } = this.settings.current();
    switch (step) {
      case 'deletions':
        return this.#finishDeletion();
      case 'tokens':
        return this.tokens.purgeBatch(nowMs - purge.expiredTokensAfterDays * DAY_MS);
      case 'sessions':
        return this.sessions.purgeBatch(nowMs);
      case 'auditEvents':
        return this.auditEvents.purgeBatch(nowMs - audit.retentionDays * DAY_MS);
      case 'changeLines':
        return this.changeLog.purgeBatch(nowMs - CHANGE_LOG_DAYS * DAY_MS);
      case 'idempotentAnswers':
        return this.idempotentAnswers.purgeBatch(nowMs);
    }
  }

  async #finishDeletion(): Promise<PurgedBatch> {
    const isFinished = await this.deletions.finishOldest();
    return { removed: Number(isFinished), hasMore: isFinished };
  }

  #report(removed: Purged): void {
    const { tokens, sessions, auditEvents } = removed;
    if (tokens + sessions + auditEvents === 0) return;
    this.#logger.log(`Purged ${tokens} tokens, ${sessions} sessions and ${auditEvents} audit events.`);
  }
}
