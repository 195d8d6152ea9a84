import { randomUUID } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { addUse, addUsesIn, comparePositions, type JournalPosition, type TokenUses } from '@scopegate/audit';
import type { EntityManager } from 'typeorm';
import { AuditShipper } from '../audit/audit-shipper.js';
import type { LeftJournal } from '../audit/journal/journal-shipment.js';
import { rowLock } from '../database/row-lock.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { TokenAddressRecorder } from './token-address.recorder.js';
import { TokenEntity } from './token.entity.js';
import { TokenUseProgressEntity } from './token-use-progress.entity.js';

/** No request waits for these connections. */
const JOURNAL_LANE = { lane: 'journal' } as const;

interface Batch {
  readonly id: string;
  readonly uses: TokenUses;
  /** The batch holds the uses of all events before this position. */
  readonly end: JournalPosition;
}

/**
 * Counts uses in memory and writes them when audit events are stored. Each use has an event in the journal, and the
 * transaction notes how far it got: after a crash or an outage, the next process counts the rest, and nothing twice.
 */
@Injectable()
export class TokenUseRecorder implements OnModuleInit {
  #uses: TokenUses = new Map();
  /** After a failure, the batch stays unchanged: it may have been stored. */
  #batch: Batch | null = null;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly shipper: AuditShipper,
    private readonly addresses: TokenAddressRecorder,
  ) {}

  onModuleInit(): void {
    this.shipper.onFlush(() => this.store());
    this.shipper.onRecovery((journal) => this.recover(journal));
  }

  /** The event of the use must be recorded in the same turn of the event loop. */
  record(tokenId: string, atMs: number, clientIp: string | null): void {
    addUse(this.#uses, tokenId, { count: 1, atMs, clientIp });
  }

  async store(): Promise<void> {
    do {
      if (this.#batch === null) {
        const end = this.shipper.markJournal();
        if (this.#uses.size > 0) this.#batch = { id: randomUUID(), uses: this.#uses, end };
        else this.shipper.holdJournal(end);
        this.#uses = new Map();
      }
      if (this.#batch !== null) await this.#storeBatch(this.#batch);
    } while (this.#uses.size > 0);
  }

  async #storeBatch(batch: Batch): Promise<void> {
    const chain = this.shipper.chainName;
    await this.unitOfWork.run(async ({ manager }) => {
      const progress = await progressOf(manager, chain);
      // Already stored: only the answer was lost.
      if (progress?.batch === batch.id) return;
      await this.#count(manager, batch.uses);
      await noteProgress(manager, chain, batch.end, batch.id);
    }, JOURNAL_LANE);
    this.addresses.remember(batch.uses);
    this.#batch = null;
    this.shipper.holdJournal(batch.end);
  }

  /** Counts the uses in a journal that its process has not counted. */
  async recover(left: LeftJournal): Promise<void> {
    const { chainName } = left;
    const { start, end } = left.journal;
    await this.unitOfWork.run(async ({ manager }) => {
      const progress = await progressOf(manager, chainName);
      const uses: TokenUses = new Map();
      // Without progress, the journal belongs to a version that counted in another way.
      if (progress !== null) {
        const noted = { segment: progress.journalSegment, offset: progress.journalOffset };
        // A position beyond the end belongs to a journal that is gone: count this one from its start.
        const isKnown = noted.segment >= start.segment && comparePositions(noted, end) <= 0;
        left.read(isKnown ? noted : start, (contents) => {
          addUsesIn(uses, contents);
          return true;
        });
      }
      await this.#count(manager, uses);
      await noteProgress(manager, chainName, end, randomUUID());
    }, JOURNAL_LANE);
  }

  async #count(manager: EntityManager, uses: TokenUses): Promise<void> {
    await countUses(manager, uses);
    await this.addresses.store(manager, uses);
  }
}

async function countUses(manager: EntityManager, uses: TokenUses): Promise<void> {
  // In the order of ids, so that two nodes that write the same tokens cannot deadlock.
  for (const [id, { count, atMs, clientIp }] of [...uses].sort(([one], [other]) => (one < other ? -1 : 1))) {
    // An old journal may hold older uses. The address first: MySQL sets one column after the other.
    const isLast = 'last_used_at_ms IS NULL OR last_used_at_ms <= :atMs';
    await manager
      .createQueryBuilder()
      .update(TokenEntity)
      .set({
        useCount: () => 'use_count + :count',
        lastUsedIp: () => `CASE WHEN ${isLast} THEN :clientIp ELSE last_used_ip END`,
        lastUsedAtMs: () => `CASE WHEN ${isLast} THEN :atMs ELSE last_used_at_ms END`,
      })
      .where('id = :id', { id, count, atMs, clientIp })
      .execute();
  }
}

function progressOf(manager: EntityManager, chain: string): Promise<TokenUseProgressEntity | null> {
  return manager.findOne(TokenUseProgressEntity, { where: { chain }, ...rowLock(manager) });
}

async function noteProgress(
  manager: EntityManager,
  chain: string,
  { segment, offset }: JournalPosition,
  batch: string,
): Promise<void> {
  const progress = { chain, journalSegment: segment, journalOffset: offset, batch };
  await manager.upsert(TokenUseProgressEntity, progress, ['chain']);
}
