import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { StopState } from '../common/stop/stop-state.js';
import { HeldLease } from '../database/held-lease.js';
import { LeaseService } from '../database/lease.service.js';
import { DueReminders } from './due-reminders.service.js';
import { MailDelivery } from './mail-delivery.service.js';
import { ReminderWarning } from './reminder-warning.js';

const INTERVAL_MS = 10_000;

/** A killed process holds the others up for no more than this. */
const LEASE_TIMES = { durationMs: 60_000, renewalMs: 5_000 };

/** Makes reminders and sends mails. One process at a time does this; the rows alone let nothing happen twice. */
@Injectable()
export class ReminderJob implements OnModuleDestroy {
  readonly #logger = new Logger(ReminderJob.name);
  readonly #lease: HeldLease;
  #last: Promise<unknown> = Promise.resolve();
  #isRunning = false;
  #isDestroyed = false;
  #isFailing = false;

  constructor(
    leases: LeaseService,
    private readonly reminders: DueReminders,
    private readonly delivery: MailDelivery,
    private readonly warning: ReminderWarning,
    private readonly stopState: StopState,
  ) {
    this.#lease = new HeldLease(leases, 'reminders', LEASE_TIMES);
  }

  @Interval(INTERVAL_MS)
  async runInTurn(): Promise<void> {
    if (this.#isRunning) return;
    try {
      await this.runOnce();
      this.#isFailing = false;
    } catch (error) {
      // One log line for an outage, not one for each run.
      if (!this.#isFailing) this.#logger.warn(`Reminders could not be made: ${String(error)}`);
      this.#isFailing = true;
    }
  }

  /** Waits for a run in progress first. @returns false if another process holds the lease */
  runOnce(): Promise<boolean> {
    const run = this.#last.then(() => this.#run());
    this.#last = run.catch(() => undefined);
    return run;
  }

  async onModuleDestroy(): Promise<void> {
    this.#isDestroyed = true;
    await this.#last;
    await this.#lease.release().catch((error: unknown) => {
      this.#logger.warn(`The lease of the reminders could not be released and ends by itself: ${String(error)}`);
    });
  }

  /** From the signal on: a mail that was begun later could be cut off by the end of the process, and be lost. */
  #isStopping(): boolean {
    return this.#isDestroyed || this.stopState.isStopping;
  }

  async #run(): Promise<boolean> {
    this.#isRunning = true;
    try {
      if (this.#isStopping() || !(await this.#lease.hold())) {
        this.reminders.forget();
        this.delivery.rest();
        return false;
      }
      const goesOn = async (): Promise<boolean> => !this.#isStopping() && this.#lease.stillHolds();
      // A slow server can hold one mail for minutes.
      await this.#lease.renewDuring(async () => {
        await this.reminders.make(goesOn);
        await this.delivery.sendDue(goesOn);
      });
      return true;
    } finally {
      // Also where another node makes the reminders.
      await this.warning.look();
      this.#isRunning = false;
    }
  }
}
