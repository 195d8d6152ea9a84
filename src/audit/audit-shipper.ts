import { join } from 'node:path';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import type { AuditEvent, JournalPosition } from '@scopegate/audit';
import { Clock } from '../common/time/clock.js';
import { runBeforeYield } from '../common/time/turn.js';
import { CONFIGURATION } from '../config/config.module.js';
import type { Configuration } from '../config/env.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { AuditChain } from './audit-chain.js';
import { JournalDisk } from './journal/journal-disk.js';
import { Journal } from './journal/journal.js';
import { JournalShipment, type LeftJournal } from './journal/journal-shipment.js';
import { takeAbandonedSlots, takeSlot, type JournalSlot } from './journal/journal-slot.js';
import { RecordingGate } from './journal/recording-gate.js';
import { ShippingLoop, type FlushTask } from './journal/shipping-loop.js';
import type { PendingResponse } from './pending-response.js';

/** Reads a journal at the start, before its events are shipped and removed. */
export type JournalRecovery = (journal: LeftJournal) => Promise<void>;

/**
 * Requests are recorded in the journal before the answer is sent, and stored later, in batches. So no request waits for
 * the database, and none is answered without a record (R62).
 */
@Injectable()
export class AuditShipper implements OnModuleInit, OnApplicationBootstrap {
  readonly #logger = new Logger(AuditShipper.name);
  readonly #loop = new ShippingLoop(() => this.#opened.ship());
  readonly #disk = new JournalDisk();
  readonly #gate: RecordingGate;
  #slot: JournalSlot | null = null;
  #shipment: JournalShipment | null = null;
  #recover: JournalRecovery = () => Promise.resolve();
  #onClosing: () => void = () => undefined;
  #endFlushing: () => void = () => undefined;
  #isClosed = false;

  constructor(
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    private readonly unitOfWork: UnitOfWork,
    private readonly chain: AuditChain,
    private readonly clock: Clock,
  ) {
    this.#gate = new RecordingGate(() => this.#opened, this.#disk, configuration.journalMaxBytes);
  }

  onModuleInit(): void {
    this.#slot = takeSlot(this.#journalDirectory);
    const shipment = this.#shipmentOf(this.#slot);
    this.#shipment = shipment;
    this.#endFlushing = runBeforeYield(() => shipment.journal.flush());
  }

  async onApplicationBootstrap(): Promise<void> {
    const shipment = this.#opened;
    await this.#recover(shipment);
    this.holdJournal(shipment.journal.end);
    await this.#shipAbandoned();
    // Before the first request: how much of the journal is still to be stored.
    await shipment.open();
    this.#loop.start(() => {
      this.#disk.probe(shipment.journal);
      this.#gate.refresh();
    });
  }

  get hasRoom(): boolean {
    return this.#gate.hasRoom;
  }

  get isFailOpen(): boolean {
    return this.#gate.isFailOpen;
  }

  setFailOpenPolicy(isFailOpen: () => boolean): void {
    this.#gate.setFailOpenPolicy(isFailOpen);
  }

  /** @throws ProblemException 503 if a request could not be recorded, unless the settings let it through */
  refuseWithoutRoom(): void {
    this.#gate.refuseWithoutRoom();
  }

  get backlogBytes(): number {
    return this.#opened.backlogBytes;
  }

  /** Null if all events are in the database. */
  get oldestAtMs(): number | null {
    return this.#opened.oldestAtMs;
  }

  /**
   * The answer is sent once everything recorded so far is written. If that fails, the answer is dropped, unless the
   * settings say otherwise.
   * @param answer null if no answer waits for the event
   * @param onLost called if the event cannot be written
   */
  append(event: AuditEvent, answer: PendingResponse | null, onLost: () => void): void {
    const shipment = this.#opened;
    shipment.append(event);
    shipment.journal.whenWritten({
      onWritten: (error) => {
        if (error === null) {
          this.#send(answer);
          return;
        }
        const consequence = this.isFailOpen
          ? 'and requests are forwarded without a record'
          : 'so every request is refused';
        this.#disk.noteFailure(error, consequence);
        onLost();
        if (this.isFailOpen) this.#send(answer);
        else answer?.drop();
      },
    });
  }

  #send(answer: PendingResponse | null): void {
    try {
      answer?.release();
    } catch (error) {
      this.#logger.error('An answer cannot be sent.', error);
      answer?.drop();
    }
  }

  onClosing(task: () => void): void {
    this.#onClosing = task;
  }

  onRecovery(recover: JournalRecovery): void {
    this.#recover = recover;
  }

  /** The task runs about once a second, after events are stored. */
  onFlush(task: FlushTask): void {
    this.#loop.addTask(task);
  }

  get chainName(): string {
    return this.#opened.chainName;
  }

  /** Writes everything recorded so far. @returns where the journal ends */
  markJournal(): JournalPosition {
    const { journal } = this.#opened;
    journal.flush();
    return journal.end;
  }

  /** Keeps the journal from this position on for its second reader, until the next call with a later position. */
  holdJournal(from: JournalPosition): void {
    this.#opened.journal.hold(from);
  }

  /** Stores everything recorded so far. If the database cannot be reached, it stays in the journal. */
  flush(): Promise<void> {
    return this.#loop.flush();
  }

  /** What is recorded later stays in the journal. @returns what could not be stored, for the operator, or null */
  async store(): Promise<string | null> {
    this.#loop.stop();
    this.#onClosing();
    await this.flush();
    // The next process may have another journal, and would not store the failures that are held back here.
    if (!this.#loop.isFailing) await this.#loop.attempt(() => this.#opened.finish());
    if (!this.#loop.isFailing) return null;
    this.#logger.warn('Events that could not be stored are in the journal. The next start stores them.');
    return this.#loop.isRefused ? null : this.leftovers;
  }

  get leftovers(): string {
    const { events, isComplete } = this.#opened.countLeft();
    return `${isComplete ? '' : 'more than '}${events} event(s) in the journal, which the next start stores`;
  }

  /** Must be the last step before the end: it releases the journal. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#loop.stop();
    this.#onClosing();
    this.#endFlushing();
    this.#shipment?.journal.close();
    this.#slot?.release();
  }

  get #journalDirectory(): string {
    return join(this.configuration.dataDirectory, 'journal');
  }

  get #opened(): JournalShipment {
    if (this.#shipment === null) throw new Error('The journal is not open yet.');
    return this.#shipment;
  }

  #shipmentOf(slot: JournalSlot): JournalShipment {
    return new JournalShipment(new Journal(slot.directory), slot.nodeId, this.unitOfWork, this.chain, this.clock);
  }

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
}
