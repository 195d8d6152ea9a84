import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { BROWSER_IDLE_MS } from '@scopegate/access';
import { In, LessThan } from 'typeorm';
import { DatabaseClock } from '../database/database-clock.js';
import { HeldLease } from '../database/held-lease.js';
import { LeaseService } from '../database/lease.service.js';
import { PURGE_BATCH_SIZE, type PurgedBatch } from '../database/purged-batch.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { BrowserSessionEntity } from './browser-session.entity.js';

const INTERVAL_MS = 60_000;

const LEASE_TIMES = { durationMs: 90_000, renewalMs: 15_000 };

/** Another node may not have written a use yet. */
const PURGE_MARGIN_MS = 600_000;

/** Removes sessions that ended because they were unused, or too old to be used (R99). One process at a time does this. */
@Injectable()
export class BrowserSessionPurgeJob {
  readonly #logger = new Logger(BrowserSessionPurgeJob.name);
  readonly #lease: HeldLease;
  #isRunning = false;
  #isFailing = false;

  constructor(
    leases: LeaseService,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: DatabaseClock,
  ) {
    this.#lease = new HeldLease(leases, 'browser-session-purge', LEASE_TIMES);
  }

  @Interval(INTERVAL_MS)
  async purgeInTurn(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      await this.purgeOnce();
      this.#isFailing = false;
    } catch (error) {
      // One log line for an outage, not one for each run.
      if (!this.#isFailing) this.#logger.warn(`Ended sessions could not be removed: ${String(error)}`);
      this.#isFailing = true;
    } finally {
      this.#isRunning = false;
    }
  }

  /** @returns how many; null if another process holds the lease */
  async purgeOnce(): Promise<number | null> {
    // One instant, so that the run ends. The clock of the database, because several nodes wrote the times.
    const nowMs = await this.clock.readMs();
    for (let removed = 0; ;) {
      if (!(await this.#lease.hold())) return null;
      const batch = await this.#purgeBatch(nowMs);
      removed += batch.removed;
      if (!batch.hasMore) return removed;
    }
  }

  async #purgeBatch(nowMs: number): Promise<PurgedBatch> {
    const lastSeenAtMs = LessThan(nowMs - BROWSER_IDLE_MS - PURGE_MARGIN_MS);
    const rows = await this.unitOfWork.read((manager) =>
      manager.find(BrowserSessionEntity, { where: { lastSeenAtMs }, take: PURGE_BATCH_SIZE }),
    );
    if (rows.length === 0) return { removed: 0, hasMore: false };
    const { affected } = await this.unitOfWork.run(({ manager }) =>
      // A session that has been used since it was read stays.
      manager.delete(BrowserSessionEntity, { id: In(rows.map((row) => row.id)), lastSeenAtMs }),
    );
    return { removed: affected ?? 0, hasMore: rows.length === PURGE_BATCH_SIZE };
  }
}
