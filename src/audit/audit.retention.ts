import { Injectable } from '@nestjs/common';
import { LessThan, LessThanOrEqual, MoreThan, type EntityManager } from 'typeorm';
import { PURGE_BATCH_SIZE, type PurgedBatch } from '../database/purged-batch.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { AuditChainEntity } from './audit-chain.entity.js';
import { AuditEventEntity } from './audit-event.entity.js';

/** The oldest events of one chain that are to go: all up to this sequence. */
interface OldPart {
  readonly chain: string;
  readonly upTo: number;
}

/**
 * Removes events that are older than the log is kept (R60). Nothing is recorded of it: the log would never empty. A
 * chain loses its beginning alone, so that what is left of it can still be followed link by link.
 */
@Injectable()
export class AuditRetention {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * Removes some of the oldest events.
   * @param atMs events from before this, in epoch milliseconds, go
   */
  async purgeBatch(atMs: number): Promise<PurgedBatch> {
    const part = await this.unitOfWork.read((manager) => oldPart(manager, atMs));
    if (part === null) return { removed: 0, hasMore: false };
    const { chain, upTo } = part;
    // Apart from the removal: a transaction that held rows of the log and waited for a head would stand in the way of
    // one that holds the head and adds to the log. What a crash leaves between the two goes with the next batch.
    await this.unitOfWork.run(({ manager }) =>
      manager.update(AuditChainEntity, { chain, purgedSequence: LessThan(upTo) }, { purgedSequence: upTo }),
    );
    const { affected } = await this.unitOfWork.run(({ manager }) =>
      manager.delete(AuditEventEntity, { chain, chainSequence: LessThanOrEqual(upTo) }),
    );
    return { removed: affected ?? 0, hasMore: true };
  }
}

/** The beginning of a chain whose first event is old, as far as its events are old, or null where there is none. */
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
