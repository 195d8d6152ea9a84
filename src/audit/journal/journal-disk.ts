import { Logger } from '@nestjs/common';
import type { Journal } from './journal.js';

/** After a failed write, the disk is tried again this often. */
const PROBE_INTERVAL_MS = 1_000;

/** Whether the disk takes what is written to the journal. */
export class JournalDisk {
  readonly #logger = new Logger(JournalDisk.name);
  /** When the disk last took nothing; null while it takes what it is given. The time of day may be set back. */
  #failedAtTick: number | null = null;

  get isWritable(): boolean {
    return this.#failedAtTick === null;
  }

  /** @param consequence for the log: what happens to requests now */
  noteFailure(error: Error, consequence: string): void {
    if (this.isWritable) this.#logger.error(`The audit journal cannot be written, ${consequence}: ${error.message}`);
    this.#failedAtTick = performance.now();
  }

  /** Tries the disk again, if it has failed and that was not just now. */
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
