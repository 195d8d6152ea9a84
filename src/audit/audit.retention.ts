import { Injectable } from '@nestjs/common';
import { dayOf } from '@scopegate/audit';
import { LessThanOrEqual, MoreThan, type EntityManager } from 'typeorm';
import { PURGE_BATCH_SIZE, type PurgedBatch } from '../database/purged-batch.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { AuditChain } from './audit-chain.js';
import { AuditChainEntity } from './audit-chain.entity.js';
import { AuditEventEntity } from './audit-event.entity.js';
import { UsageCountRepository } from './usage/usage-count.repository.js';

interface OldPart {
  readonly chain: string;
  readonly upTo: number;
}

/**
 * Only the beginning of a chain is removed (R60), so that a verification can follow the rest. The removal is not
 * recorded, or the log would never be empty.
 */
@Injectable()
export class AuditRetention {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly chain: AuditChain,
    private readonly usage: UsageCountRepository,
  ) {}

  async purgeBatch(atMs: number): Promise<PurgedBatch> {
    const part = await this.unitOfWork.read((manager) => oldPart(manager, atMs));
    if (part === null) {
      // A day is counted until its last event is due.
      const counts = await this.usage.removeBefore(dayOf(atMs));
      return { removed: 0, hasMore: counts > 0 };
    }
    const { chain, upTo } = part;
    return this.unitOfWork.run(async ({ manager }) => {
      // The head first, as in everything that adds to the chain: this order cannot deadlock.
      const head = await this.chain.lockHead(manager, chain);
      const { affected } = await manager.delete(AuditEventEntity, { chain, chainSequence: LessThanOrEqual(upTo) });
      if (head.purgedSequence < upTo) await this.chain.updateHead(manager, head, { purgedSequence: upTo });
      return { removed: affected ?? 0, hasMore: true };
    });
  }
}

async function oldPart(manager: EntityManager, atMs: number): Promise<OldPart | null> {
  const first = await manager
    .createQueryBuilder(AuditEventEntity, 'event')
    .select(['event.id', 'event.chain', 'event.chainSequence'])
    .innerJoin(AuditChainEntity, 'head', 'head.chain = event.chain AND head.purgedSequence + 1 = event.chainSequence')
    .where('event.atMs < :atMs', { atMs })
    .orderBy('event.atMs', 'ASC')
    .limit(1)
    .getOne();
  if (first === null) return null;
  const rows = await manager.find(AuditEventEntity, {
    select: { id: true, chainSequence: true, atMs: true },
    where: { chain: first.chain, chainSequence: MoreThan(first.chainSequence) },
    order: { chainSequence: 'ASC' },
    take: PURGE_BATCH_SIZE - 1,
  });
  const firstKept = rows.findIndex((row) => row.atMs >= atMs);
  const old = firstKept === -1 ? rows : rows.slice(0, firstKept);
  return { chain: first.chain, upTo: old.at(-1)?.chainSequence ?? first.chainSequence };
}
