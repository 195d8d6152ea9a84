import { Logger } from '@nestjs/common';
import {
  decodeEvent,
  decodeJournal,
  encodeEvent,
  FloodCollapser,
  isFailure,
  type AuditEvent,
  type EventContent,
  type FloodState,
} from '@scopegate/audit';
import type { Clock } from '../../common/time/clock.js';
import { Turn } from '../../common/time/turn.js';
import { isDatabaseUnavailable, DatabaseUnavailableError } from '../../database/database-unavailable.js';
import { isDuplicateKey } from '../../database/duplicate-key.js';
import type { UnitOfWork } from '../../database/unit-of-work.js';
import type { AuditChain } from '../audit.chain.js';
import type { ChainPlace, KnownHead } from '../linked-events.js';
import type { Journal, JournalPosition } from './journal.js';
import { remainderOf, replaceRejected } from './rejected-events.js';

/** Events in one transaction, about. */
const BATCH_EVENTS = 1_000;

/** Bytes read from the journal at a time, unless a frame has more: some twenty events, since requests wait meanwhile. */
const READ_BYTES = 8_192;

/** Bytes read at a time where nothing is served meanwhile. */
const READ_AT_ONCE_BYTES = 1_048_576;

/** Counting more would take time that the end of the process does not have. */
const MAX_COUNTED = 100_000;

interface Batch {
  readonly contents: readonly EventContent[];
  /** The position after it. */
  readonly end: JournalPosition;
}

/** What has been shipped, as the database knows it. */
interface Shipped extends KnownHead {
  readonly position: JournalPosition;
}

/**
 * Ships one journal, in batches, exactly once. It is read from its files, which are in the system's memory still: events
 * that wait on our heap instead would be copied by every collection of garbage until they are stored.
 */
export class JournalShipment {
  readonly #logger = new Logger(JournalShipment.name);
  /** Null where the database has to be asked. */
  #shipped: Shipped | null = null;
  /** What the database has confirmed to this process last, with what was held back then. */
  #confirmed: (Shipped & { readonly held: FloodState }) | null = null;
  /** What this process has stored last, confirmed or not. */
  #attempted: ChainPlace | null = null;
  /** The last position that was known to be shipped. */
  #lastKnown: JournalPosition;
  #collapser = new FloodCollapser();
  /** When the oldest event happened that is not stored, as far as that is known; null where all are. */
  #oldestAtMs: number | null = null;
  #hasWarnedOfCopy = false;

  constructor(
    readonly journal: Journal,
    readonly chainName: string,
    private readonly unitOfWork: UnitOfWork,
    private readonly chain: AuditChain,
    private readonly clock: Clock,
  ) {
    this.#lastKnown = journal.start;
  }

  /** Bytes of the journal that are not in the database yet. */
  get backlogBytes(): number {
    return this.journal.bytesSince(this.#lastKnown);
  }

  /** When the oldest event happened that is journaled and not in the database; null where there is none. */
  get oldestAtMs(): number | null {
    return this.#oldestAtMs;
  }

  /** Counts the events of the journal that are not in the database; beyond a number, it only says that there are more. */
  countLeft(): { readonly events: number; readonly isComplete: boolean } {
    this.journal.flush();
    let events = 0;
    const isComplete = this.read(this.#lastKnown, (contents) => (events += contents.length) < MAX_COUNTED);
    return { events, isComplete };
  }

  /**
   * Reads what is in the journal from a position on.
   * @param take called with some events at a time; false ends the reading
   * @returns whether everything has been read
   */
  read(from: JournalPosition, take: (contents: readonly EventContent[]) => boolean): boolean {
    for (let position = from; ;) {
      const part = this.#read(position, READ_AT_ONCE_BYTES);
      if (part === null) return true;
      if (!take(part.contents)) return false;
      position = part.end;
    }
  }

  append(event: AuditEvent): void {
    this.#oldestAtMs ??= event.atMs;
    this.journal.append(encodeEvent(event));
  }

  /** Asks the database how far the journal has been shipped. */
  async open(): Promise<void> {
    this.#shipped ??= await this.#load();
  }

  /** Stores everything appended before this call. A failure leaves all as it was, to be tried again. */
  async ship(): Promise<void> {
    this.journal.flush();
    const target = this.journal.end;
    try {
      let shipped = (this.#shipped ??= await this.#load());
      for (;;) {
        const batch = await this.#next(shipped.position);
        if (batch === null) {
          this.#oldestAtMs = null;
          // Everything is taken in, so no window that is over now can still grow.
          await this.#release((collapser) => collapser.expire(this.clock.nowMs()));
          return;
        }
        shipped = await this.#store(shipped, batch);
        // The next event is about as old as the last one.
        this.#oldestAtMs = lastTimeOf(batch) ?? this.#oldestAtMs;
        if (isAtOrAfter(shipped.position, target)) return;
      }
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  /** Stores what has been held back to be counted: nothing more will be appended. */
  async finish(): Promise<void> {
    try {
      await this.open();
      await this.#release((collapser) => collapser.finish());
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  /** The database may have stored a batch whose storing failed for us: what it says counts. */
  #forget(): void {
    this.#shipped = null;
  }

  /** The next events, or null where everything has been taken. Requests get their turn while they are read. */
  async #next(position: JournalPosition): Promise<Batch | null> {
    // What is stored is in the journal first: an event that the disk does not take is dropped with its answer.
    this.journal.flush();
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

  /** @param limit bytes to read, or more where a frame is longer; the answer says how many were needed */
  #read(position: JournalPosition, limit: number): (Batch & { readonly limit: number }) | null {
    const part = this.journal.read(position, limit);
    if (part === null) return null;
    const { contents, length, torn } = decodeJournal(part.bytes);
    const { segment, offset } = part.position;
    // A frame that is longer than what was read.
    if (length === 0 && part.bytes.length === limit) return this.#read(position, limit * 2);
    if (torn > 0) this.#warnOfTorn(torn);
    if (length > 0) return { contents, end: { segment, offset: offset + length }, limit };
    // No frame ends in a closed segment: the rest of it was torn by a crash.
    this.#warnOfTorn(1);
    return { contents: [], end: { segment, offset: offset + part.bytes.length }, limit };
  }

  #store(shipped: Shipped, batch: Batch): Promise<Shipped> {
    const stored: EventContent[] = [];
    for (const content of batch.contents) {
      if (isFailure(content)) stored.push(...this.#collapser.take(decodeEvent(content)).map(encodeEvent));
      else stored.push(content);
    }
    const lastAtMs = this.#collapser.isEmpty ? null : lastTimeOf(batch);
    // By the time of the events, so that a journal that is read again is collapsed in the same way.
    if (lastAtMs !== null) stored.push(...this.#collapser.expire(lastAtMs).map(encodeEvent));
    return this.#insert(shipped, stored, batch.end);
  }

  async #release(take: (collapser: FloodCollapser) => readonly AuditEvent[]): Promise<void> {
    if (this.#shipped === null || this.#collapser.isEmpty) return;
    const released = take(this.#collapser);
    if (released.length === 0) return;
    await this.#insert(this.#shipped, released.map(encodeEvent), this.#shipped.position);
  }

  async #insert(shipped: Shipped, contents: readonly EventContent[], position: JournalPosition): Promise<Shipped> {
    try {
      return this.#noteShipped(await this.#insertOnce(shipped, contents, position), position);
    } catch (error) {
      if (!isDuplicateKey(error)) {
        return this.#noteShipped(await this.#insertWithoutRejected(shipped, contents, position, error), position);
      }
    }
    // A journal that was put back from a copy holds events that have been stored since: they are stored already.
    const missing = await this.chain.missingOf(contents);
    this.#logger.warn(
      `${contents.length - missing.length} event(s) of the journal were already stored and are skipped.`,
    );
    try {
      return this.#noteShipped(await this.#insertOnce(shipped, missing, position), position);
    } catch (error) {
      return this.#noteShipped(await this.#insertWithoutRejected(shipped, missing, position, error), position);
    }
  }

  #noteShipped(stored: Shipped, position: JournalPosition): Shipped {
    this.#shipped = stored;
    this.#confirmed = { ...stored, held: this.#collapser.state() };
    this.#lastKnown = position;
    this.journal.release(position);
    return stored;
  }

  /** Stores what the database takes, where it refuses some of the events and is not away. */
  async #insertWithoutRejected(
    shipped: Shipped,
    contents: readonly EventContent[],
    position: JournalPosition,
    error: unknown,
  ): Promise<Shipped> {
    const [first] = contents;
    // What refuses even what is left of an event refuses everything, and no event is the reason.
    if (isAway(error) || first === undefined || !(await this.#isTaken(shipped, [remainderOf(first)]))) throw error;
    const rejected: string[] = [];
    const taken = await replaceRejected(
      contents,
      (some) => this.#isTaken(shipped, some),
      (content) => rejected.push(decodeEvent(content).id),
    );
    const stored = await this.#insertOnce(shipped, taken, position);
    if (rejected.length > 0) {
      this.#logger.error(
        `The database refuses ${rejected.length} audit event(s). A placeholder is stored for each: ` +
          `${rejected.slice(0, 5).join(', ')}. ${String(error)}`,
      );
    }
    return stored;
  }

  /** Whether the database would take some events; nothing of them is stored. */
  async #isTaken(shipped: Shipped, contents: readonly EventContent[]): Promise<boolean> {
    const undo = new Error('Only tried.');
    try {
      return await this.unitOfWork.run(
        async ({ manager }) => {
          const head = await this.chain.lockHead(manager, this.chainName);
          if (head.sequence !== shipped.sequence) throw new ForeignLinkError();
          await this.chain.append(manager, head, contents);
          throw undo;
        },
        { lane: 'journal' },
      );
    } catch (error) {
      if (error === undo) return true;
      if (isAway(error) || isDuplicateKey(error)) throw error;
      return false;
    }
  }

  async #insertOnce(shipped: Shipped, contents: readonly EventContent[], position: JournalPosition): Promise<Shipped> {
    const state = this.#collapser.isEmpty ? null : this.#collapser.state();
    const progress = {
      journalSegment: position.segment,
      journalOffset: position.offset,
      held: state === null ? null : [...state],
    };
    const aside = await this.chain.appendAside(shipped, contents, progress, (place) => (this.#attempted = place));
    if (aside !== null) return { ...aside, position };
    // Before the transaction: it holds the head, and on SQLite everybody else's turn.
    const linked = await this.chain.link(shipped, contents);
    return this.unitOfWork.run(
      async ({ manager }) => {
        let stored = await this.chain.appendToKnown(manager, shipped, linked, progress);
        if (stored === null) {
          // The retention changes the head as well, and takes nothing from its newest event.
          const head = await this.chain.lockHead(manager, this.chainName);
          if (head.sequence !== shipped.sequence) throw new ForeignLinkError();
          const { chain, purgedSequence } = head;
          stored = { chain, purgedSequence, ...(await this.chain.append(manager, head, contents, progress)) };
        }
        this.#attempted = stored;
        return { ...stored, position };
      },
      { lane: 'journal' },
    );
  }

  async #load(): Promise<Shipped> {
    const head = await this.unitOfWork.run(({ manager }) => this.chain.lockHead(manager, this.chainName), {
      lane: 'journal',
    });
    const confirmed = this.#confirmed;
    // A second server can only add to the chain. A head that has gone back is one of a database that has lost its last
    // moments or was put back from a copy: what it does not hold any more is stored again.
    const isAhead = confirmed !== null && head.sequence >= confirmed.sequence;
    if (isAhead && !isSamePlace(head, confirmed) && !isSamePlace(head, this.#attempted)) {
      // Its position is one of another journal, which would pass over events of this one.
      this.#warnOfCopy();
      this.#collapser = new FloodCollapser(confirmed.held);
      return { ...knownOf(head), position: confirmed.position };
    }
    const held = (head.held ?? []) as FloodState;
    this.#collapser = new FloodCollapser(held);
    const { start, end } = this.journal;
    const stored = { segment: head.journalSegment ?? -1, offset: head.journalOffset ?? 0 };
    // A position beyond the end is one of a journal that is gone; this one has to be read from its start.
    const isKnown = stored.segment >= start.segment && isAtOrAfter(end, stored);
    const position = isKnown ? stored : start;
    this.#lastKnown = position;
    const shipped = { ...knownOf(head), position };
    this.#confirmed = { ...shipped, held };
    return shipped;
  }

  #warnOfCopy(): void {
    if (this.#hasWarnedOfCopy) return;
    this.#hasWarnedOfCopy = true;
    this.#logger.error(
      `Another server writes to the audit chain ${this.chainName}, because its data directory is a copy of ` +
        'this one. Stop one of them, and remove the file node-id from its journal folders.',
    );
  }

  #warnOfTorn(pieces: number): void {
    this.#logger.warn(`The journal had ${pieces} incomplete piece(s) after a crash; they are skipped.`);
  }
}

/** When the last event of a batch happened; null where there is none. */
function lastTimeOf({ contents }: Batch): number | null {
  const last = contents.at(-1);
  return last === undefined ? null : decodeEvent(last).atMs;
}

function knownOf({ chain, sequence, link, purgedSequence }: KnownHead): KnownHead {
  return { chain, sequence, link, purgedSequence };
}

function isSamePlace(place: ChainPlace, other: ChainPlace | null): boolean {
  return other !== null && place.sequence === other.sequence && place.link === other.link;
}

/** Somebody else has added to the chain, or a transaction that was given up has been stored after all. */
class ForeignLinkError extends Error {
  constructor() {
    super('Another server has added to the chain.');
  }
}

/** Whether storing failed for a reason that no event is part of. */
function isAway(error: unknown): boolean {
  return error instanceof ForeignLinkError || error instanceof DatabaseUnavailableError || isDatabaseUnavailable(error);
}

function isAtOrAfter(position: JournalPosition, other: JournalPosition): boolean {
  return position.segment > other.segment || (position.segment === other.segment && position.offset >= other.offset);
}
