import { Injectable } from '@nestjs/common';
import { In, LessThan } from 'typeorm';
import { PURGE_BATCH_SIZE, type PurgedBatch } from '../database/purged-batch.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { AuditEventEntity } from './audit-event.entity.js';

/** Removes events that are older than the log is kept (R60). Nothing is recorded of it: the log would never empty. */
@Injectable()
export class AuditRetention {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * Removes the oldest events.
   * @param atMs events from before this, in epoch milliseconds, go
   */
  async purgeBatch(atMs: number): Promise<PurgedBatch> {
    // Found by the index on the time and removed by their keys: SQLite knows no DELETE with a limit.
    const rows = await this.unitOfWork.read((manager) =>
      manager.find(AuditEventEntity, {
        select: { id: true },
        where: { atMs: LessThan(atMs) },
        order: { atMs: 'ASC' },
        take: PURGE_BATCH_SIZE,
      }),
    );
    if (rows.length === 0) return { removed: 0, hasMore: false };
    const { affected } = await this.unitOfWork.run(({ manager }) =>
      manager.delete(AuditEventEntity, { id: In(rows.map((row) => row.id)) }),
    );
    return { removed: affected ?? 0, hasMore: rows.length === PURGE_BATCH_SIZE };
  }
}
