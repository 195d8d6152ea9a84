import { Logger } from '@nestjs/common';
import { decodeJournal, type EventContent, type JournalPosition } from '@scopegate/audit';
import { Turn } from '../../common/time/turn.js';
import type { Journal } from './journal.js';

/** Events in one batch, approximately. */
const BATCH_EVENTS = 1_000;

/** Bytes read at a time, unless a frame is longer: about twenty events, since requests wait meanwhile. */
const READ_BYTES = 8_192;

/** Bytes read at a time if nothing is served meanwhile. */
const READ_AT_ONCE_BYTES = 1_048_576;

/** Events that follow each other in a journal. */
export interface JournalBatch {
  readonly contents: readonly EventContent[];
  /** The position after them. */
  readonly end: JournalPosition;
}

/**
 * Reads events from the files of a journal, which the system still has in its memory. If they waited on our heap instead,
 * every garbage collection would copy them until they are stored.
 */
export class JournalReader {
  readonly #logger = new Logger(JournalReader.name);

  constructor(private readonly journal: Journal) {}

  /** The next events, or null at the end. Requests get their turn while they are read. */
  async next(position: JournalPosition): Promise<JournalBatch | null> {
    const contents: EventContent[] = [];
    let end = position;
    let limit = READ_BYTES;
    const turn = new Turn();
    while (contents.length < BATCH_EVENTS) {
      const part = this.#read(end, limit);
      if (part === null) break;
      contents.push(...part.contents);
      // Under load, the next frames are as long.
      ({ end, limit } = part);
      if (turn.isDue) await turn.yield();
    }
    return end === position ? null : { contents, end };
  }

  /**
   * Reads everything from a position on, in one turn of the event loop.
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
    // A frame is longer than what was read.
    if (length === 0 && part.bytes.length === limit) return this.#read(position, limit * 2);
    // Without a frame, all that is left of a closed segment is torn.
    const pieces = length > 0 ? torn : 1;
    if (pieces > 0) this.#logger.warn(`The journal had ${pieces} incomplete piece(s) after a crash; they are skipped.`);
    return { contents, end: { segment, offset: offset + (length > 0 ? length : part.bytes.length) }, limit };
  }
}
