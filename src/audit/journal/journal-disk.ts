import { Logger } from '@nestjs/common';
import type { Journal } from './journal.js';

const PROBE_INTERVAL_MS = 1_000;

export class JournalDisk {
  readonly #logger = new Logger(JournalDisk.name);
  /** Null while the disk works. A tick, because the time of day may be set back. */
  #failedAtTick: number | null = null;

  get isWritable(): boolean {
    return this.#failedAtTick === null;
  }

  /** @param consequence what happens to requests now, for the log */
  noteFailure(error: Error, consequence: string): void {
    if (this.isWritable) this.#logger.error(`The audit journal cannot be written, ${consequence}: ${error.message}`);
    this.#failedAtTick = performance.now();
  }

  /** Tries the disk again, at most once in each interval. */
  probe(journal: Journal): void {
    if (this.#failedAtTick === null) return;
    const nowTick = performance.now();
    if (nowTick - this.#failedAtTick < PROBE_INTERVAL_MS) return;
    this.#failedAtTick = nowTick;
    if (!journal.probe()) return;
    this.#failedAtTick = null;
    this.#logger.log('The audit journal can be written again.');
  }
}
