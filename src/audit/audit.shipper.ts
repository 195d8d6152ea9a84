import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { decodeJournal, encodeJournalLine, FloodCollapser, type AuditEvent, type FloodState } from '@scopegate/audit';
import { Clock } from '../common/time/clock.js';
import { CONFIGURATION } from '../config/config.module.js';
import type { Configuration } from '../config/env.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { AuditChain } from './audit.chain.js';
import { AuditChainEntity } from './audit-chain.entity.js';
import { Journal, type JournalPosition } from './journal/journal.js';
import { takeAbandonedSlots, takeSlot, type JournalSlot } from './journal/journal.slot.js';

/** How long an event waits for others to share a write with. */
const INTERVAL_MS = 100;

/** How often what is written besides is written. */
const BESIDES_INTERVAL_MS = 1_000;

/** Events in one transaction. */
const BATCH_SIZE = 500;

/** Bytes read from the journal at a time, where the events are not in memory any more. */
const READ_BYTES = 1_048_576;

/** Events kept in memory on their way to the database; what is beyond is read from the journal again. */
const QUEUE_LIMIT = 20_000;

/** After a failed write, one request in this time finds out whether the disk takes anything again. */
const RETRY_WRITE_MS = 1_000;

/** Something else that is written in the same rhythm, such as the use of tokens. */
export type ShippedBesides = () => Promise<void>;

interface Entry {
  readonly event: AuditEvent;
  /** The position after it. */
  readonly end: JournalPosition;
}

/** What has been shipped, as the database knows it. */
interface Shipped {
  readonly sequence: number;
  readonly link: string;
  readonly position: JournalPosition;
}

/** Ships one journal: from its files or from memory, in batches, exactly once. */
class JournalShipment {
  #shipped: Shipped | null = null;
  #collapser = new FloodCollapser();
  /** The events after `#shipped`, where all of them are in memory. */
  #queue: Entry[] | null = null;

  constructor(
    readonly journal: Journal,
    private readonly chainName: string,
    private readonly unitOfWork: UnitOfWork,
    private readonly chain: AuditChain,
    private readonly clock: Clock,
    private readonly onTorn: (lines: number) => void,
  ) {}

  /** Bytes of the journal that are not in the database yet. */
  get backlogBytes(): number {
    return this.journal.bytesSince(this.#shipped?.position ?? this.journal.start);
  }

  append(event: AuditEvent): void {
    const end = this.journal.append(encodeJournalLine(event));
    if (this.#queue === null) return;
    if (this.#queue.length < QUEUE_LIMIT) this.#queue.push({ event, end });
    else this.#queue = null;
  }

  /** Stores everything there is. A failure leaves all as it was, to be tried again. */
  async ship(): Promise<void> {
    this.journal.flush();
    try {
      this.#shipped ??= await this.#load();
      for (;;) {
        const entries = this.#next(this.#shipped.position);
        if (entries === null) break;
        await this.#store(this.#shipped, entries.events, entries.end);
      }
      // Everything is taken in, so no window that is over now can still grow.
      if (!this.#collapser.isEmpty) {
        const expired = this.#collapser.expire(this.clock.nowMs());
        if (expired.length > 0) await this.#insert(this.#shipped, expired, this.#shipped.position);
      }
    } catch (error) {
      // The database may have stored the batch all the same: what it says counts.
      this.#shipped = null;
      this.#queue = null;
      throw error;
    }
  }

  /** The next events, or null where everything has been taken. */
  #next(position: JournalPosition): { readonly events: readonly AuditEvent[]; readonly end: JournalPosition } | null {
    if (this.#queue !== null) {
      const batch = this.#queue.splice(0, BATCH_SIZE);
      const last = batch.at(-1);
      return last === undefined ? null : { events: batch.map((entry) => entry.event), end: last.end };
    }
    const part = this.journal.read(position, READ_BYTES);
    if (part === null) {
      // From here on, what is appended stays in memory as well.
      this.#queue = [];
      return null;
    }
    const { entries, length, torn } = decodeJournal(part.bytes);
    const { segment, offset } = part.position;
    if (torn > 0) this.onTorn(torn);
    if (length === 0) {
      // No line's end in a closed segment: the rest of it was torn by a crash.
      if (part.bytes.length < READ_BYTES) this.onTorn(1);
      return { events: [], end: { segment, offset: offset + part.bytes.length } };
    }
    const batch = entries.slice(0, BATCH_SIZE);
    const end = batch.length < entries.length ? (batch.at(-1)?.end ?? length) : length;
    return { events: batch.map((entry) => entry.event), end: { segment, offset: offset + end } };
  }

  #store(shipped: Shipped, events: readonly AuditEvent[], end: JournalPosition): Promise<void> {
    return this.#insert(
      shipped,
      events.flatMap((event) => this.#collapser.take(event)),
      end,
    );
  }

  async #insert(shipped: Shipped, events: readonly AuditEvent[], position: JournalPosition): Promise<void> {
    const state = this.#collapser.isEmpty ? null : this.#collapser.state();
    this.#shipped = await this.unitOfWork.run(async ({ manager }) => {
      const head = { chain: this.chainName, sequence: shipped.sequence, link: shipped.link };
      const { sequence, link } = await this.chain.append(manager, head, events);
      const updated = await manager.update(
        AuditChainEntity,
        { chain: this.chainName, sequence: shipped.sequence },
        {
          sequence,
          link,
          journalSegment: position.segment,
          journalOffset: position.offset,
          held: state === null ? null : [...state],
        },
      );
      if (updated.affected !== 1) throw new Error('The chain has been added to from elsewhere.');
      return { sequence, link, position };
    });
    this.journal.release(position);
  }

  async #load(): Promise<Shipped> {
    const head = await this.unitOfWork.run(({ manager }) => this.chain.lockHead(manager, this.chainName));
    this.#collapser = new FloodCollapser((head.held ?? []) as FloodState);
    const { start } = this.journal;
    const isKnown = head.journalSegment !== null && head.journalSegment >= start.segment;
    return {
      sequence: head.sequence,
      link: head.link,
      position: isKnown ? { segment: head.journalSegment ?? 0, offset: head.journalOffset ?? 0 } : start,
    };
  }
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
  #shipping: Promise<void> | null = null;
  #besidesAtMs = 0;
  #isFailing = false;
  #writeFailedAtMs: number | null = null;

  constructor(
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    private readonly unitOfWork: UnitOfWork,
    private readonly chain: AuditChain,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.#slot = takeSlot(this.#journalDirectory);
    this.#shipment = this.#shipmentOf(this.#slot);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.#shipAbandoned();
    this.#timer = setInterval(() => {
      this.#shipping ??= this.#ship(false).finally(() => (this.#shipping = null));
    }, INTERVAL_MS);
    this.#timer.unref();
  }

  /**
   * Whether another event can be taken: the disk takes it, and the journal has not reached its limit. Where it cannot,
   * no request is let through (503 `audit_unavailable`).
   */
  get hasRoom(): boolean {
    if (this.#writeFailedAtMs !== null) {
      const nowMs = this.clock.nowMs();
      if (nowMs - this.#writeFailedAtMs < RETRY_WRITE_MS) return false;
      this.#writeFailedAtMs = nowMs;
    }
    return this.#open().backlogBytes < this.configuration.journalMaxBytes;
  }

  /** Bytes that are journaled and not in the database yet. */
  get backlogBytes(): number {
    return this.#open().backlogBytes;
  }

  append(event: AuditEvent): void {
    this.#open().append(event);
  }

  /** Keeps an answer back until everything recorded so far is written; one that cannot be recorded is not sent. */
  holdUntilWritten(response: ServerResponse): void {
    const { journal } = this.#open();
    const { socket } = response;
    if (socket === null) {
      // The answer waits behind another one of its connection and may be sent at any time from now on.
      journal.flush();
      if (this.#writeFailedAtMs !== null) response.destroy();
      return;
    }
    socket.cork();
    journal.whenWritten((error) => {
      if (error !== null) {
        this.#writeFailedAtMs = this.clock.nowMs();
        this.#logger.error(`The audit journal cannot be written: ${error.message}`);
        socket.destroy();
        return;
      }
      this.#writeFailedAtMs = null;
      socket.uncork();
    });
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

  /** Stores what there is, and gives the journal free: the last thing before the end. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
    if (this.#isFailing)
      this.#logger.warn('What could not be stored is in the journal and will be after the next start.');
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
    return new JournalShipment(
      new Journal(slot.directory),
      slot.nodeId,
      this.unitOfWork,
      this.chain,
      this.clock,
      (lines) => this.#logger.warn(`The journal had ${lines} torn line(s), from a crash; passed over.`),
    );
  }

  /** What a process that is gone has left in its journal is stored by the next one that starts. */
  async #shipAbandoned(): Promise<void> {
    for (const slot of takeAbandonedSlots(this.#journalDirectory)) {
      try {
        const shipment = this.#shipmentOf(slot);
        await shipment.ship();
        shipment.journal.close();
      } catch (error) {
        this.#logger.warn(`A journal that was left behind cannot be stored yet: ${String(error)}`);
      } finally {
        slot.release();
      }
    }
  }

  async #ship(everything: boolean): Promise<void> {
    try {
      await this.#open().ship();
      const nowMs = this.clock.nowMs();
      if (everything || nowMs - this.#besidesAtMs >= BESIDES_INTERVAL_MS) {
        this.#besidesAtMs = nowMs;
        for (const besides of this.#besides) await besides();
      }
      if (this.#isFailing) this.#logger.log('Audit events are stored again.');
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing)
        this.#logger.error(`Audit events cannot be stored, and wait in the journal: ${String(error)}`);
      this.#isFailing = true;
    }
  }
}
