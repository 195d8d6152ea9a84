import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { Inject, Injectable, Logger, Optional, type OnApplicationShutdown } from '@nestjs/common';
import type { EventContent } from '@scopegate/audit';
import { DataSource } from 'typeorm';
import { SECRETS } from '../config/config.module.js';
import type { Secrets } from '../config/secrets.js';
import { isDatabaseUnavailable } from '../database/database-unavailable.js';
import { dialectOf } from '../database/dialect/index.js';
import { advanceStatement, insertStatement } from './audit-event.writer.js';
import type { StoreOrder, StoreReport, StoreThreadData } from './audit-store-thread.js';
import type { ChainPlace, JournalProgress, KnownHead } from './linked-events.js';

/** Without a build, as in some tests, this file does not exist, and the main thread stores the events. */
const THREAD_FILE = fileURLToPath(new URL('audit-store-thread.js', import.meta.url));

/** Each statement takes some microseconds; larger ones gain nothing. */
const ROWS_IN_ONE_INSERT = 50;

interface Pending {
  readonly onLinked: (place: ChainPlace) => void;
  readonly resolve: (place: ChainPlace | null) => void;
  readonly reject: (error: Error) => void;
  place: ChainPlace | null;
}

/** SQLite works in the thread that calls it, and storing an event takes longer than serving a request. */
@Injectable()
export class AuditStore implements OnApplicationShutdown {
  readonly #logger = new Logger(AuditStore.name);
  readonly #data: StoreThreadData | null;
  #worker: Worker | null = null;
  /** A thread that ended by itself is not started again: the main thread then does its work. */
  #hasFailed = false;
  #pending: Pending | null = null;

  /** @param threadFile only tests pass another one */
  constructor(
    dataSource: DataSource,
    @Inject(SECRETS) secrets: Secrets,
    @Optional() private readonly threadFile: string = THREAD_FILE,
  ) {
    const file = dialectOf(dataSource).fileOf(dataSource);
    this.#data =
      file !== null && existsSync(threadFile)
        ? {
            file,
            key: secrets.lastingKey,
            advance: advanceStatement(dataSource),
            insertOne: insertStatement(dataSource, 1),
            insertMany: insertStatement(dataSource, ROWS_IN_ONE_INSERT),
            rows: ROWS_IN_ONE_INSERT,
          }
        : null;
  }

  get isUsable(): boolean {
    return this.#data !== null && !this.#hasFailed;
  }

  /**
   * Links events to a chain and stores them in one transaction. No other connection of this process may write
   * meanwhile.
   * @param onLinked called with the new place before anything is stored: if the thread ends early, it may be stored
   * @returns the new place; null if nothing is stored, or that is not known: the caller has to find out
   * @throws Error if the database cannot be used right now; nothing is stored then
   */
  store(
    head: KnownHead,
    contents: readonly EventContent[],
    progress: JournalProgress,
    onLinked: (place: ChainPlace) => void,
  ): Promise<ChainPlace | null> {
    const order: StoreOrder = { head, contents: contents.join('\n'), progress };
    return new Promise((resolve, reject) => {
      this.#pending = { onLinked, resolve, reject, place: null };
      this.#started()?.postMessage(order);
    });
  }

  async onApplicationShutdown(): Promise<void> {
    const worker = this.#worker;
    if (worker === null) return;
    this.#worker = null;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    worker.postMessage(null);
    await ended;
  }

  #started(): Worker | null {
    if (this.#worker !== null || this.#data === null) return this.#worker;
    const worker = new Worker(this.threadFile, { workerData: this.#data, name: 'audit-store' });
    this.#worker = worker;
    worker.unref();
    worker.on('message', (report: StoreReport) => this.#take(report));
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', () => this.#end(worker));
    return worker;
  }

  #take(report: StoreReport): void {
    const pending = this.#pending;
    if (pending === null) return;
    if (report.kind === 'linked') {
      pending.place = report.place;
      pending.onLinked(report.place);
      return;
    }
    this.#pending = null;
    if (report.kind === 'stored') {
      pending.resolve(pending.place);
      return;
    }
    const error = report.kind === 'failed' ? Object.assign(new Error(report.message), { code: report.code }) : null;
    if (error !== null && isDatabaseUnavailable(error)) pending.reject(error);
    else pending.resolve(null);
  }

  #fail(error: Error): void {
    this.#hasFailed = true;
    this.#logger.error(
      'The thread that stores audit events has ended. Events are now stored in the main thread, which delays ' +
        `requests: ${error.message}`,
    );
  }

  #end(worker: Worker): void {
    if (this.#worker === worker) {
      this.#worker = null;
      this.#hasFailed = true;
    }
    this.#pending?.resolve(null);
    this.#pending = null;
  }
}
