import { Injectable } from '@nestjs/common';
import { In, LessThanOrEqual } from 'typeorm';
import { SYSTEM_ACTOR } from '../audit/actor.js';
import { AuditService } from '../audit/audit.service.js';
import { PURGE_BATCH_SIZE, type PurgedBatch } from '../database/purged-batch.js';
import { rowLock } from '../database/row-lock.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { TokenEntity } from './token.entity.js';
import { auditedProperties, auditFields } from './token.mapper.js';
import { TokenSessionEntity } from './token-session.entity.js';

/**
 * Removes tokens that ended long enough ago (R65). A token ends by its stored expiry or by its revocation. One that
 * the maximum ends at use (`applyAtUse`) is kept: a setting can be taken back, and a removed token cannot.
 */
@Injectable()
export class TokenPurger {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
  ) {}

  /**
   * Removes some tokens, each with its event in the same transaction.
   * @param endedAtMs tokens that ended then, in epoch milliseconds, or before go
   */
  async purgeBatch(endedAtMs: number): Promise<PurgedBatch> {
    const rows = await this.#endedUntil(endedAtMs);
    if (rows.length === 0) return { removed: 0, hasMore: false };
    const removed = await this.unitOfWork.run(async (unit) => {
      const { manager } = unit;
      // In the order of ids, as those who count their use write them: nobody waits in a circle. What is gone already has
      // been removed by another node, with its event.
      const ids = In(rows.map((row) => row.id));
      const held = await manager.find(TokenEntity, { where: { id: ids }, order: { id: 'ASC' }, ...rowLock(manager) });
      if (held.length === 0) return 0;
      const heldIds = In(held.map((row) => row.id));
      await manager.delete(TokenEntity, { id: heldIds });
      await manager.delete(TokenSessionEntity, { tokenId: heldIds });
      for (const row of held) {
        unit.changed('token', row.id);
        this.audit.recordChange(manager, SYSTEM_ACTOR, {
          type: 'token.purged',
          ...auditFields(row),
          detail: { ended: row.revokedAtMs === null ? 'expired' : 'revoked', token: auditedProperties(row) },
        });
      }
      return held.length;
    });
    return { removed, hasMore: rows.length === PURGE_BATCH_SIZE };
  }

  /** Each kind of end has its index; in one question the database would use neither. */
  #endedUntil(endedAtMs: number): Promise<TokenEntity[]> {
    // Read before the transaction: within it, a database that holds to its snapshot would refuse to remove rows that
    // have changed since.
    return this.unitOfWork.read(async (manager) => {
      const ended = LessThanOrEqual(endedAtMs);
      const expired = await manager.find(TokenEntity, {
        where: { expiresAtMs: ended },
        order: { expiresAtMs: 'ASC' },
        take: PURGE_BATCH_SIZE,
      });
      const revoked = await manager.find(TokenEntity, {
        where: { revokedAtMs: ended },
        order: { revokedAtMs: 'ASC' },
        take: PURGE_BATCH_SIZE,
      });
      const byId = new Map([...expired, ...revoked].map((row) => [row.id, row]));
      return [...byId.values()].slice(0, PURGE_BATCH_SIZE).sort((one, other) => (one.id < other.id ? -1 : 1));
    });
  }
}
