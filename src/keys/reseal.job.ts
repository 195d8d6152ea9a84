import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { SECRETS } from '../config/config.module.js';
import type { Secrets } from '../config/secrets.js';
import { HeldLease } from '../database/held-lease.js';
import { LeaseService } from '../database/lease.service.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { KEY_USES_PROVIDER, type KeyUses } from './key-uses.js';
import type { SealedRecords } from './sealed-records.js';
import { SecretBox } from './secret-box.js';

/** Another node may have sealed with an older key since the last run. */
const INTERVAL_MS = 10_000;

const LEASE_TIMES = { durationMs: 20_000, renewalMs: 5_000 };

/** Requests can use the rows, and SQLite's only connection, between two batches. */
const PAUSE_MS = 20;

/**
 * With several encryption keys, moves what is stored to the newest one (R76). One process at a time does this, under a
 * lease.
 */
@Injectable()
export class ResealJob implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(ResealJob.name);
  readonly #isNeeded: boolean;
  readonly #lease: HeldLease;
  #run: Promise<void> | null = null;
  #isStopping = false;
  #isFailing = false;
  #unreadable = 0;

  constructor(
    @Inject(SECRETS) { encryptionKey }: Secrets,
    @Inject(KEY_USES_PROVIDER) private readonly uses: KeyUses,
    private readonly box: SecretBox,
    leases: LeaseService,
    private readonly unitOfWork: UnitOfWork,
  ) {
    this.#isNeeded = encryptionKey.length > 1;
    this.#lease = new HeldLease(leases, 'reseal', LEASE_TIMES);
  }

  onApplicationBootstrap(): void {
    this.resealInTurn();
  }

  @Interval(INTERVAL_MS)
  resealInTurn(): void {
    if (!this.#isNeeded || this.#isStopping || this.#run !== null) return;
    this.#run = this.#reseal()
      .then(() => {
        this.#isFailing = false;
      })
      .catch((error: unknown) => {
        // One log line for an outage, not one for each run.
        if (!this.#isFailing) this.#logger.warn(`Stored secrets could not be encrypted again: ${String(error)}`);
        this.#isFailing = true;
      })
      .finally(() => {
        this.#run = null;
      });
  }

  async onModuleDestroy(): Promise<void> {
    this.#isStopping = true;
    await this.#run;
  }

  async #reseal(): Promise<void> {
    if (!(await this.#lease.hold())) return;
    let moved = 0;
    let unreadable = 0;
    try {
      for (const records of this.uses.encryptionKey) {
        if (this.#isStopping) break;
        const done = await this.#resealAll(records);
        moved += done.moved;
        unreadable += done.unreadable;
      }
    } finally {
      await this.#lease.release();
    }
    if (moved > 0) this.#logger.log(`Encrypted ${moved} stored secrets again with the newest key.`);
    if (unreadable > this.#unreadable) {
      this.#logger.warn(`${unreadable} stored secrets were encrypted with a key that is not configured here.`);
    }
    this.#unreadable = unreadable;
  }

  async #resealAll(records: SealedRecords): Promise<{ readonly moved: number; readonly unreadable: number }> {
    let moved = 0;
    let unreadable = 0;
    for (;;) {
      const skipped = unreadable;
      const batch = await this.unitOfWork.run((unit) => records.resealBatch(unit, this.box, skipped));
      moved += batch.moved;
      unreadable += batch.unreadable;
      if (!batch.hasMore || this.#isStopping || !(await this.#lease.stillHolds())) return { moved, unreadable };
      await pause(PAUSE_MS);
    }
  }
}
