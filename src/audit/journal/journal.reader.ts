import { Logger } from '@nestjs/common';
import { decodeJournal, type EventContent, type JournalPosition } from '@scopegate/audit';
import { Turn } from '../../common/time/turn.js';
import type { Journal } from './journal.js';

const BATCH_EVENTS = 1_000;

/** About twenty events, because requests wait meanwhile. A longer frame is read whole. */
const READ_BYTES = 8_192;

const READ_AT_ONCE_BYTES = 1_048_576;

export interface JournalBatch {
  readonly contents: readonly EventContent[];
  readonly end: JournalPosition;
}

/** The system still has the files in its memory. On our heap, every garbage collection would copy the events. */
export class JournalReader {
  readonly #logger = new Logger(JournalReader.name);

  constructor(private readonly journal: Journal) {}

  /** Requests can run while the events are read. @returns null at the end */
  async next(position: JournalPosition): Promise<JournalBatch | null> {
    const contents: EventContent[] = [];
    let end = position;
    let limit = READ_BYTES;
    const turn = new Turn();
    while (contents.length < BATCH_EVENTS) {
      const part = this.#read(end, limit);
      if (part === null) break;
      contents.push(...part.contents);
      // The next frames are probably as long.
      ({ end, limit } = part);
      if (turn.isDue) await turn.yield();
    }
    return end === position ? null : { contents, end };
  }

  /**
   * Reads everything in one turn of the event loop.
   * @param take called with some events at a time; false ends the reading
   * @returns whether everything has been read
   */
  readAll(from: JournalPosition, take: (contents: readonly EventContent[]) => boolean): boolean {
    for (let position = from; ;) {
      const part = this.#read(position, READ_AT_ONCE_BYTES);
      if (part === null) return true;
      if (!take(part.contents)) return false;
      position = part.end;
    }
  }

  /** @param limit bytes to read, or more if a frame is longer; the result says how many were needed */
  #read(position: JournalPosition, limit: number): (JournalBatch & { readonly limit: number }) | null {
    const part = this.journal.read(position, limit);
    if (part === null) return null;
    const { contents, length, torn } = decodeJournal(part.bytes);
    const { segment, offset } = part.position;
    if (length === 0 && part.bytes.length === limit) return this.#read(position, limit * 2);
    // Without a frame, the rest of a closed segment is torn.
    const pieces = length > 0 ? torn : 1;
    if (pieces > 0) this.#logger.warn(`The journal had ${pieces} incomplete piece(s) after a crash; they are skipped.`);
    return { contents, end: { segment, offset: offset + (length > 0 ? length : part.bytes.length) }, limit };
  }
}
