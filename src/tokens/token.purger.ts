import { Injectable } from '@nestjs/common';
import { In, LessThanOrEqual, type EntityManager } from 'typeorm';
import { SYSTEM_ACTOR } from '../audit/actor.js';
import { AuditService } from '../audit/audit.service.js';
import { PURGE_BATCH_SIZE, type PurgedBatch } from '../database/purged-batch.js';
import { rowLock } from '../database/row-lock.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { TokenEntity } from './token.entity.js';
import { auditedProperties, auditFields } from './token.mapper.js';
import { TokenAddressEntity } from './token-address.entity.js';
import { TokenSessionEntity } from './token-session.entity.js';

/** Runs in the transaction that removes tokens. */
export type TokenPurgingHook = (manager: EntityManager, ids: readonly string[]) => Promise<void>;

/** A token that only the maximum ends (`applyAtUse`) stays, because a removed token cannot come back (R65). */
@Injectable()
export class TokenPurger {
  readonly #hooks: TokenPurgingHook[] = [];

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
  ) {}

  /** For what another module keeps of a token. */
  onPurging(hook: TokenPurgingHook): void {
    this.#hooks.push(hook);
  }

  /** Records an event for each token in the same transaction. @param endedAtMs removes tokens that ended by then */
  async purgeBatch(endedAtMs: number): Promise<PurgedBatch> {
    const rows = await this.#endedUntil(endedAtMs);
    if (rows.length === 0) return { removed: 0, hasMore: false };
    const removed = await this.unitOfWork.run(async (unit) => {
      const { manager } = unit;
      // In the order of ids, as all writers of tokens lock them, so that none deadlock. Another node has removed the
      // missing rows.
      const ids = In(rows.map((row) => row.id));
      const locked = await manager.find(TokenEntity, { where: { id: ids }, order: { id: 'ASC' }, ...rowLock(manager) });
      if (locked.length === 0) return 0;
      const purgedIds = locked.map((row) => row.id);
      await manager.delete(TokenEntity, { id: In(purgedIds) });
      await manager.delete(TokenSessionEntity, { tokenId: In(purgedIds) });
      await manager.delete(TokenAddressEntity, { tokenId: In(purgedIds) });
      for (const hook of this.#hooks) await hook(manager, purgedIds);
      for (const row of locked) {
        unit.changed('token', row.id);
        this.audit.recordChange(manager, SYSTEM_ACTOR, {
          type: 'token.purged',
          ...auditFields(row),
          detail: { ended: row.revokedAtMs === null ? 'expired' : 'revoked', token: auditedProperties(row) },
        });
      }
      return locked.length;
    });
    return { removed, hasMore: rows.length === PURGE_BATCH_SIZE };
  }

  /** Two queries, because each has an index: one query for both would use neither. */
  #endedUntil(endedAtMs: number): Promise<TokenEntity[]> {
    // Before the transaction: with a snapshot, it could not remove rows that have changed since.
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
