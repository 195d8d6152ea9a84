import { join } from 'node:path';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import type { AuditEvent, EventContent } from '@scopegate/audit';
import { ProblemException } from '../common/http/problem.exception.js';
import { Clock } from '../common/time/clock.js';
import { runBeforeYield } from '../common/time/turn.js';
import { CONFIGURATION } from '../config/config.module.js';
import type { Configuration } from '../config/env.js';
import { isConnectionRefused } from '../database/database-unavailable.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { AuditChain } from './audit.chain.js';
import { Journal, type JournalPosition } from './journal/journal.js';
import { JournalShipment } from './journal/journal.shipment.js';
import { takeAbandonedSlots, takeSlot, type JournalSlot } from './journal/journal.slot.js';

/** How long an event waits for others to share a write with. */
const INTERVAL_MS = 100;

/** How often what is written besides is written. */
const BESIDES_INTERVAL_MS = 1_000;

/** After a failed write, the disk is tried again this often. */
const PROBE_INTERVAL_MS = 1_000;

/** Something else that is written in the same rhythm, such as the use of tokens. */
export type ShippedBesides = () => Promise<void>;

/** A journal as a process has left it. */
export interface LeftJournal {
  readonly chainName: string;
  readonly start: JournalPosition;
  readonly end: JournalPosition;
  /** See `JournalShipment.read`. */
  read(from: JournalPosition, take: (contents: readonly EventContent[]) => boolean): boolean;
}

/** Somebody who reads the journal besides the audit, and notes how far. */
export interface JournalReader {
  /** Called at the start with each journal, before anything of it is shipped and removed. */
  recover(journal: LeftJournal): Promise<void>;
}

/** An answer that waits for its record. */
export interface HeldAnswer {
  /** Called once, when the record is written. */
  send(): void;
  /** Called once, in place of `send`, where it cannot be: the client must not take the request for done. */
  withhold(): void;
}

/**
 * Takes the events of requests: into the journal before the answer leaves, and from there into the database in
 * batches, so that no request waits for the database, and none is answered that is not recorded (R62).
 */
@Injectable()
export class AuditShipper implements OnModuleInit, OnApplicationBootstrap {
  readonly #logger = new Logger(AuditShipper.name);
  readonly #besides: ShippedBesides[] = [];
  #slot: JournalSlot | null = null;
  #shipment: JournalShipment | null = null;
  #timer: NodeJS.Timeout | undefined;
  #endFlushing: () => void = () => undefined;
  #shipping: Promise<void> | null = null;
  #besidesAtTick = Number.NEGATIVE_INFINITY;
  #isFailing = false;
  /** Whether the database is known to be away, since it refuses connections: then nothing is gained by waiting for it. */
  #isRefused = false;
  #isClosed = false;
  /** When the disk last took nothing; null where it takes what it is given. The time of day may be set back. */
  #diskFailedAtTick: number | null = null;
  #isFailOpen: () => boolean = () => false;
  #beforeClose: () => void = () => undefined;
  #reader: JournalReader | null = null;
  /** Whether as much waits for the reader as the journal may hold. */
  #isHeldTooLong = false;

  constructor(
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    private readonly unitOfWork: UnitOfWork,
    private readonly chain: AuditChain,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.#slot = takeSlot(this.#journalDirectory);
    const shipment = this.#shipmentOf(this.#slot);
    this.#shipment = shipment;
    this.#endFlushing = runBeforeYield(() => shipment.journal.flush());
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.#recover(this.#open());
    this.holdJournal(this.#open().journal.end);
    await this.#shipAbandoned();
    // Known before the first request: how much of the journal is still to be stored.
    await this.#open().open();
    this.#timer = setInterval(() => {
      this.#probeDisk();
      this.#isHeldTooLong = this.#open().journal.heldBytes >= this.configuration.journalMaxBytes;
      this.#shipping ??= this.#ship(false).finally(() => (this.#shipping = null));
    }, INTERVAL_MS);
    this.#timer.unref();
  }

  /** Whether another event can be taken: the disk takes it, and the journal has not reached its limit. */
  get hasRoom(): boolean {
    const hasRoom = !this.#isHeldTooLong && this.#open().backlogBytes < this.configuration.journalMaxBytes;
    return this.#diskFailedAtTick === null && hasRoom;
  }

  /** Whether requests go on where nothing can be recorded, as the settings say; else none is let through then. */
  get isFailOpen(): boolean {
    return this.#isFailOpen();
  }

  /** Has the settings say whether requests go on where nothing can be recorded. Until then none does. */
  failOpenWhile(isFailOpen: () => boolean): void {
    this.#isFailOpen = isFailOpen;
  }

  /** @throws ProblemException 503 where a request could not be recorded, unless the settings let it through */
  refuseWithoutRoom(): void {
    if (!this.hasRoom && !this.#isFailOpen()) {
      throw new ProblemException(
        'audit_unavailable',
        'The gateway cannot record requests at the moment, so it refuses them. Try again later, or ask an ' +
          'administrator.',
      );
    }
  }

  /** Bytes that are journaled and not in the database yet. */
  get backlogBytes(): number {
    return this.#open().backlogBytes;
  }

  /** When the oldest event happened that is not in the database yet; null where there is none. */
  get oldestAtMs(): number | null {
    return this.#open().oldestAtMs;
  }

  /**
   * Takes an event. Its answer is sent once everything recorded so far is written; one that cannot be recorded is not
   * sent, unless the settings let it through.
   * @param answer null where none waits for the event
   * @param onLost called where the disk does not take it
   */
  append(event: AuditEvent, answer: HeldAnswer | null, onLost: () => void): void {
    const shipment = this.#open();
    shipment.append(event);
    shipment.journal.whenWritten({
      onWritten: (error) => {
        if (error === null) {
          this.#send(answer);
          return;
        }
        this.#noteDiskFailure(error);
        onLost();
        if (this.#isFailOpen()) this.#send(answer);
        else answer?.withhold();
      },
    });
  }

  /** One answer that cannot be sent takes no other one with it. */
  #send(answer: HeldAnswer | null): void {
    try {
      answer?.send();
    } catch (error) {
      this.#logger.error('An answer cannot be sent.', error);
      answer?.withhold();
    }
  }

  /** Has somebody say the last that is to be recorded. */
  beforeClose(lastWords: () => void): void {
    this.#beforeClose = lastWords;
  }

  /** Has somebody else read the journals as well. */
  readJournalsWith(reader: JournalReader): void {
    this.#reader = reader;
  }

  /** The name of the chain that this process's journal feeds. */
  get chainName(): string {
    return this.#open().chainName;
  }

  /** Writes everything recorded so far. @returns where the journal ends */
  markJournal(): JournalPosition {
    const { journal } = this.#open();
    journal.flush();
    return journal.end;
  }

  /** Keeps the journal from this position on, until a later one is named: its reader has not got any further. */
  holdJournal(from: JournalPosition): void {
    this.#open().journal.hold(from);
  }

  /** Has something else written in the rhythm of the batches. */
  alsoShip(besides: ShippedBesides): void {
    this.#besides.push(besides);
  }

  /** Stores everything that has been recorded so far; where the database is out of reach, it stays in the journal. */
  async flush(): Promise<void> {
    while (this.#shipping !== null) await this.#shipping;
    this.#shipping = this.#ship(true).finally(() => (this.#shipping = null));
    await this.#shipping;
  }

  /**
   * Stores what there is. More may be recorded afterwards, which the journal keeps for the next start.
   * @returns what could not be stored, for the operator; null where everything is in the database
   */
  async store(): Promise<string | null> {
    clearInterval(this.#timer);
    this.#beforeClose();
    await this.flush();
    // The next process may have another journal, and nobody would store what this one still counts.
    if (!this.#isFailing) {
      await this.#open()
        .finish()
        .catch((error: unknown) => this.#noteFailure(error));
    }
    if (!this.#isFailing) return null;
    this.#logger.warn('Events that could not be stored are in the journal. The next start stores them.');
    return this.#isRefused ? null : this.leftovers;
  }

  /** What is in the journal and not in the database, for the operator. */
  get leftovers(): string {
    const { events, isComplete } = this.#open().countLeft();
    return `${isComplete ? '' : 'more than '}${events} event(s) in the journal, which the next start stores`;
  }

  /** Writes what has been recorded to the disk, and gives the journal free. It must be the last thing before the end. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#beforeClose();
    this.#endFlushing();
    this.#shipment?.journal.close();
    this.#slot?.release();
  }

  get #journalDirectory(): string {
    return join(this.configuration.dataDirectory, 'journal');
  }

  #open(): JournalShipment {
    if (this.#shipment === null) throw new Error('The journal is not open yet.');
    return this.#shipment;
  }

  #shipmentOf(slot: JournalSlot): JournalShipment {
    return new JournalShipment(new Journal(slot.directory), slot.nodeId, this.unitOfWork, this.chain, this.clock);
  }

  async #recover(shipment: JournalShipment): Promise<void> {
    const { start, end } = shipment.journal;
    const read: LeftJournal['read'] = (from, take) => shipment.read(from, take);
    await this.#reader?.recover({ chainName: shipment.chainName, start, end, read });
  }

  /** What a process that is gone has left in its journal is stored by the next one that starts. */
  async #shipAbandoned(): Promise<void> {
    for (const slot of takeAbandonedSlots(this.#journalDirectory)) {
      let shipment: JournalShipment | null = null;
      try {
        shipment = this.#shipmentOf(slot);
        await this.#recover(shipment);
        await shipment.ship();
        await shipment.finish();
      } catch (error) {
        this.#logger.warn(`The journal of an earlier process cannot be stored yet: ${String(error)}`);
      } finally {
        shipment?.journal.close();
        slot.release();
      }
    }
  }

  async #ship(everything: boolean): Promise<void> {
    try {
      await this.#open().ship();
      const nowTick = performance.now();
      if (!everything && nowTick - this.#besidesAtTick < BESIDES_INTERVAL_MS) return;
      this.#besidesAtTick = nowTick;
      for (const besides of this.#besides) await besides();
      // Only a round of all of it tells: what is written besides may be what fails, and no event may be waiting.
      if (this.#isFailing) this.#logger.log('Audit events are stored again.');
      this.#isFailing = false;
    } catch (error) {
      this.#noteFailure(error);
    }
  }

  #noteFailure(error: unknown): void {
    this.#isRefused = isConnectionRefused(error);
    if (!this.#isFailing) {
      this.#logger.error(`Audit events cannot be stored and stay in the journal: ${String(error)}`);
    }
    this.#isFailing = true;
  }

  #noteDiskFailure(error: Error): void {
    if (this.#diskFailedAtTick === null) {
      const consequence = this.#isFailOpen()
        ? 'and requests are forwarded without a record'
        : 'so every request is refused';
      this.#logger.error(`The audit journal cannot be written, ${consequence}: ${error.message}`);
    }
    this.#diskFailedAtTick = performance.now();
  }

  #probeDisk(): void {
    if (this.#diskFailedAtTick === null) return;
    const nowTick = performance.now();
    if (nowTick - this.#diskFailedAtTick < PROBE_INTERVAL_MS) return;
    this.#diskFailedAtTick = nowTick;
    if (!this.#open().journal.probe()) return;
    this.#diskFailedAtTick = null;
    this.#logger.log('The audit journal can be written again.');
  }
}
