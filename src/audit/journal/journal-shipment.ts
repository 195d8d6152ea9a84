import { Logger } from '@nestjs/common';
import {
  comparePositions,
  decodeEvent,
  encodeEvent,
  FloodCollapser,
  isFailure,
  type AuditEvent,
  type EventContent,
  type JournalPosition,
} from '@scopegate/audit';
import type { Clock } from '../../common/time/clock.js';
import type { UnitOfWork } from '../../database/unit-of-work.js';
import type { AuditChain } from '../audit-chain.js';
import type { Journal } from './journal.js';
import { JournalReader, type JournalBatch } from './journal.reader.js';
import type { Advance, Progress, ProgressTarget } from './progress.js';
import { ChainMovedError, ProgressWriter } from './progress.writer.js';
import { placeholderFor, replaceRejected } from './rejected-events.js';

/** Counting more would delay the end of the process. */
const MAX_COUNTED = 100_000;

export interface LeftJournal {
  readonly chainName: string;
  readonly journal: { readonly start: JournalPosition; readonly end: JournalPosition };
  /** See `JournalReader.readAll`. */
  read(from: JournalPosition, take: (contents: readonly EventContent[]) => boolean): boolean;
}

/** Stores the events of a journal in batches, exactly once. After a failure, the progress is read from the database. */
export class JournalShipment implements LeftJournal {
  readonly #logger = new Logger(JournalShipment.name);
  readonly #reader: JournalReader;
  readonly #writer: ProgressWriter;
  /** Null if it must be read from the database: a step that failed here may be stored. */
  #progress: Progress | null = null;
  #confirmed: Progress | null = null;
  #storedUpTo: JournalPosition;
  /** As far as known; null if all are stored. */
  #oldestAtMs: number | null = null;
  #hasWarnedOfCopy = false;

  constructor(
    readonly journal: Journal,
    readonly chainName: string,
    unitOfWork: UnitOfWork,
    private readonly chain: AuditChain,
    private readonly clock: Clock,
  ) {
    this.#reader = new JournalReader(journal);
    this.#writer = new ProgressWriter(chainName, unitOfWork, chain);
    this.#storedUpTo = journal.start;
  }

  get backlogBytes(): number {
    return this.journal.bytesSince(this.#storedUpTo);
  }

  get oldestAtMs(): number | null {
    return this.#oldestAtMs;
  }

  countLeft(): { readonly events: number; readonly isComplete: boolean } {
    this.journal.flush();
    let events = 0;
    const isComplete = this.read(this.#storedUpTo, (contents) => (events += contents.length) < MAX_COUNTED);
    return { events, isComplete };
  }

  read(from: JournalPosition, take: (contents: readonly EventContent[]) => boolean): boolean {
    return this.#reader.readAll(from, take);
  }

  append(event: AuditEvent): void {
    this.#oldestAtMs ??= event.atMs;
    this.journal.append(encodeEvent(event));
  }

  /** Reads the progress from the database, unless it is known. */
  async open(): Promise<Progress> {
    return (this.#progress ??= await this.#load());
  }

  /** Stores everything appended before this call. After a failure, it can be tried again. */
  ship(): Promise<void> {
    this.journal.flush();
    const target = this.journal.end;
    return this.#step(async (first) => {
      for (let progress = first; ;) {
        // An event is written to the journal before it is stored: without its record, its answer is dropped.
        this.journal.flush();
        const batch = await this.#reader.next(progress.position);
        if (batch === null) {
          this.#oldestAtMs = null;
          // All events are read, so the windows that are over cannot grow any more.
          await this.#release(progress, (collapser) => collapser.expire(this.clock.nowMs()));
          return;
        }
        progress = await this.#store(progress, batch);
        // The next event is about as old as the last one.
        this.#oldestAtMs = lastTimeOf(batch) ?? this.#oldestAtMs;
        if (comparePositions(progress.position, target) >= 0) return;
      }
    });
  }

  /** Stores the failures that are held back. Call it when nothing more will be appended. */
  finish(): Promise<void> {
    return this.#step((progress) => this.#release(progress, (collapser) => collapser.finish()));
  }

  async #step(work: (progress: Progress) => Promise<void>): Promise<void> {
    try {
      await work(await this.open());
    } catch (error) {
      this.#progress = null;
      throw error;
    }
  }

  #store(from: Progress, { contents, end }: JournalBatch): Promise<Progress> {
    const collapser = new FloodCollapser(from.held);
    const stored = contents.flatMap((content) =>
      isFailure(content) ? collapser.take(decodeEvent(content)).map(encodeEvent) : [content],
    );
    const lastAtMs = collapser.isEmpty ? null : lastTimeOf({ contents });
    // By the time of the events, so that reading a journal again gives the same result.
    if (lastAtMs !== null) stored.push(...collapser.expire(lastAtMs).map(encodeEvent));
    return this.#advance(from, { position: end, held: collapser.state() }, stored);
  }

  async #release(from: Progress, take: (collapser: FloodCollapser) => readonly AuditEvent[]): Promise<void> {
    if (from.held.length === 0) return;
    const collapser = new FloodCollapser(from.held);
    const released = take(collapser);
    if (released.length === 0) return;
    await this.#advance(from, { position: from.position, held: collapser.state() }, released.map(encodeEvent));
  }

  /** If the database refuses the events, they are corrected and tried again, once for each cause. */
  async #advance(from: Progress, to: ProgressTarget, contents: readonly EventContent[]): Promise<Progress> {
    let rows = contents;
    const corrected = new Set<Advance['kind']>();
    for (;;) {
      const advance = await this.#writer.advance(from, to, rows);
      if (advance.kind === 'stored') return this.#noteStored(advance.progress);
      if (advance.kind === 'moved') throw new ChainMovedError();
      if (corrected.has(advance.kind)) throw advance.error;
      corrected.add(advance.kind);
      rows = await (advance.kind === 'duplicate'
        ? this.#withoutStored(rows)
        : this.#withoutRefused(from, rows, advance.error));
    }
  }

  #noteStored(progress: Progress): Progress {
    this.#progress = progress;
    this.#confirmed = progress;
    this.#storedUpTo = progress.position;
    this.journal.release(progress.position);
    return progress;
  }

  /** A journal restored from a copy holds events that have been stored since. */
  async #withoutStored(contents: readonly EventContent[]): Promise<readonly EventContent[]> {
    const missing = await this.chain.missingOf(contents);
    this.#logger.warn(
      `${contents.length - missing.length} event(s) of the journal were already stored and are skipped.`,
    );
    return missing;
  }

  /** @throws the error of the database if the events are not the cause */
  async #withoutRefused(
    from: Progress,
    contents: readonly EventContent[],
    error: unknown,
  ): Promise<readonly EventContent[]> {
    const wouldTake = (some: readonly EventContent[]): Promise<boolean> => this.#writer.wouldTake(from, some);
    const [first] = contents;
    // If even a placeholder is refused, the events are not the cause.
    if (first === undefined || !(await wouldTake([placeholderFor(first)]))) throw error;
    const refused: string[] = [];
    const taken = await replaceRejected(contents, wouldTake, (content) => refused.push(decodeEvent(content).id));
    if (refused.length > 0) {
      this.#logger.error(
        `The database refuses ${refused.length} audit event(s). A placeholder is stored for each: ` +
          `${refused.slice(0, 5).join(', ')}. ${String(error)}`,
      );
    }
    return taken;
  }

  async #load(): Promise<Progress> {
    const { progress, isForeign } = await this.#writer.load(this.journal, this.#confirmed);
    if (isForeign) {
      this.#warnOfCopy();
    } else {
      this.#confirmed = progress;
      this.#storedUpTo = progress.position;
    }
    return progress;
  }

  #warnOfCopy(): void {
    if (this.#hasWarnedOfCopy) return;
    this.#hasWarnedOfCopy = true;
    this.#logger.error(
      `Another server writes to the audit chain ${this.chainName}, because its data directory is a copy of ` +
        'this one. Stop one of them, and remove the file node-id from its journal folders.',
    );
  }
}

function lastTimeOf({ contents }: Pick<JournalBatch, 'contents'>): number | null {
  const last = contents.at(-1);
  return last === undefined ? null : decodeEvent(last).atMs;
}
