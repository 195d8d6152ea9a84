import { Injectable, type OnModuleInit } from '@nestjs/common';
import { In, IsNull, type EntityManager } from 'typeorm';
import type { Actor } from '../audit/actor.js';
import { AuditService } from '../audit/audit.service.js';
import { Clock } from '../common/time/clock.js';
import { rowLock } from '../database/row-lock.js';
import { UnitOfWork, type Unit } from '../database/unit-of-work.js';
import { DeletionsService } from '../directory/deletions.service.js';
import { auditFields, propertiesOf } from './token-event.js';
import { TokenEntity } from './token.entity.js';

/** Tokens that one transaction ends at the most: what it holds, nobody waits long for (R82). */
export const REVOKED_AT_ONCE = 100;

/**
 * Ends tokens, each with its event in the same transaction (R59). Many are ended in batches, each of which is in force as
 * soon as it is stored. Whatever breaks off in between is ended by asking once more: what has ended stays as it is.
 */
@Injectable()
export class TokenRevoker implements OnModuleInit {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
    private readonly deletions: DeletionsService,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    // R26: whoever gets the name later does not get the tokens back.
    this.deletions.onDeleted('user', (id, actor) => this.revokeAllOf(id, actor));
  }

  /**
   * Ends these tokens.
   * @returns how many of them had not ended before
   */
  async revokeAll(ids: readonly string[], actor: Actor): Promise<number> {
    // In the order of ids, as those who count their use write them: nobody waits in a circle.
    const ordered = [...new Set(ids)].sort();
    let revoked = 0;
    for (let at = 0; at < ordered.length; at += REVOKED_AT_ONCE) {
      const batch = ordered.slice(at, at + REVOKED_AT_ONCE);
      revoked += await this.unitOfWork.run((unit) => this.#revoke(unit, batch, actor));
    }
    return revoked;
  }

  /**
   * Ends all tokens of an owner, by its id.
   * @returns how many had not ended before
   */
  async revokeAllOf(ownerId: string, actor: Actor): Promise<number> {
    let revoked = 0;
    for (let after = 0; ;) {
      const rows = await this.unitOfWork.read((manager) => unrevokedOf(manager, ownerId, after));
      revoked += await this.revokeAll(
        rows.map(({ id }) => id),
        actor,
      );
      after = rows.at(-1)?.sequence ?? after;
      if (rows.length < REVOKED_AT_ONCE) return revoked;
    }
  }

  /** The rows are held before they are written: each is ended, and recorded, once. */
  async #revoke(unit: Unit, ids: readonly string[], actor: Actor): Promise<number> {
    const { manager } = unit;
    const held = await manager.find(TokenEntity, {
      where: { id: In([...ids]) },
      order: { id: 'ASC' },
      ...rowLock(manager),
    });
    const rows = held.filter((row) => row.revokedAtMs === null);
    if (rows.length === 0) return 0;
    const end = { revokedAtMs: this.clock.nowMs(), revokedBy: actor.name };
    await manager.update(TokenEntity, { id: In(rows.map((row) => row.id)), revokedAtMs: IsNull() }, end);
    for (const row of rows) {
      unit.changed('token', row.id);
      this.audit.recordChange(manager, actor, {
        type: 'token.revoked',
        ...auditFields(row),
        detail: { token: propertiesOf({ ...row, ...end }) },
      });
    }
    return rows.length;
  }
}

/** Some of an owner's tokens that have not been revoked, oldest first. */
function unrevokedOf(
  manager: EntityManager,
  ownerId: string,
  after: number,
): Promise<Pick<TokenEntity, 'id' | 'sequence'>[]> {
  return manager
    .createQueryBuilder(TokenEntity, 'token')
    .select(['token.sequence', 'token.id'])
    .where('token.ownerId = :ownerId AND token.sequence > :after AND token.revokedAtMs IS NULL', { ownerId, after })
    .orderBy('token.sequence', 'ASC')
    .limit(REVOKED_AT_ONCE)
    .getMany();
}
