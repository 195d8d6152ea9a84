import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { ChangeEntity } from './change.entity.js';
import { PURGE_BATCH_SIZE, type PurgedBatch } from './purged-batch.js';
import { UnitOfWork } from './unit-of-work.js';

/** Removes lines of the change log that every node has read long ago. */
@Injectable()
export class ChangeLogRetention {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** @param atMs lines from before this time are removed */
  async purgeBatch(atMs: number): Promise<PurgedBatch> {
    const oldest = await this.unitOfWork.read((manager) =>
      manager.find(ChangeEntity, { order: { id: 'ASC' }, take: PURGE_BATCH_SIZE + 1 }),
    );
    // The newest line stays for ever: a server that continues from the highest id at its start must not reuse an id.
    const removable = oldest.slice(0, -1);
    const firstKept = removable.findIndex((line) => line.atMs >= atMs);
    const ids = (firstKept === -1 ? removable : removable.slice(0, firstKept)).map((line) => line.id);
    if (ids.length === 0) return { removed: 0, hasMore: false };
    const { affected } = await this.unitOfWork.run(({ manager }) => manager.delete(ChangeEntity, { id: In(ids) }));
    return { removed: affected ?? 0, hasMore: ids.length === PURGE_BATCH_SIZE };
  }
}
