import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Authenticated } from '@scopegate/access';
import { In, IsNull } from 'typeorm';
import type { Actor } from '../audit/actor.js';
import { AuditService } from '../audit/audit.service.js';
import { ProblemException } from '../common/http/problem.exception.js';
import { Clock } from '../common/time/clock.js';
import { ChangeAcknowledgement } from '../database/change-acknowledgement.js';
import { rowLock } from '../database/row-lock.js';
import { UnitOfWork, type Unit } from '../database/unit-of-work.js';
import { DeletionsService } from '../directory/deletions.service.js';
import { DirectoryService } from '../directory/directory.service.js';
import type { RevokedTokensDto, RevokeTokensDto } from './dto/token-calls.dto.js';
import { OwnerTokenReader, TOKENS_AT_ONCE } from './owner-token.reader.js';
import { TokenEntity } from './token.entity.js';
import { auditedProperties, auditFields } from './token.mapper.js';
import { VisibleTokenReader } from './visible-token.reader.js';

/** Each token is revoked with its event in one transaction (R59). After a failure, the same call revokes the rest. */
@Injectable()
export class TokenRevocationService implements OnModuleInit {
  constructor(
    private readonly visible: VisibleTokenReader,
    private readonly tokens: OwnerTokenReader,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
    private readonly directory: DirectoryService,
    private readonly deletions: DeletionsService,
    private readonly clock: Clock,
    private readonly acknowledgement: ChangeAcknowledgement,
  ) {}

  onModuleInit(): void {
    // A later user of the same name does not get the tokens back (R26).
    this.deletions.addStep('user', (id, actor) => this.#revokeAllOf(id, actor));
  }

  /**
   * A revoked token stays listed until it is purged.
   * @returns 0 if the token had been revoked before, else 1
   * @throws a 404 if there is no such token, or if the caller may not see it
   */
  async revokeOne(caller: Authenticated, actor: Actor, id: string): Promise<number> {
    const row = await this.visible.find(caller, id);
    return row.revokedAtMs === null ? this.#revokeAll([row.id], actor) : 0;
  }

  /**
   * R78: waits even if nothing was revoked, so that a client can repeat a call whose answer was lost.
   * @param startedAtTick when the call began, by `performance.now()`
   */
  async acknowledge(revoked: number, startedAtTick: number): Promise<RevokedTokensDto> {
    const { confirmedBy, missing } = await this.acknowledgement.wait();
    const tookMs = Math.round(performance.now() - startedAtTick);
    return { revoked, confirmedBy: [...confirmedBy], missing: [...missing], tookMs };
  }

  /** Leaves out tokens that the caller may not see. @returns how many were newly revoked */
  async revokeMany(caller: Authenticated, actor: Actor, asked: RevokeTokensDto): Promise<number> {
    if ((asked.ids === undefined) === (asked.owner === undefined)) {
      throw new ProblemException('validation_failed', 'Give either "ids" or "owner".');
    }
    if (asked.owner !== undefined) {
      const owner = await this.directory.findByName(asked.owner);
      if (owner === null || (owner.id !== caller.principal.id && !this.visible.seesAll(caller))) return 0;
      return this.#revokeAllOf(owner.id, actor);
    }
    const rows = await this.visible.findAll(caller, asked.ids ?? []);
    return this.#revokeAll(
      rows.map((row) => row.id),
      actor,
    );
  }

  async #revokeAll(ids: readonly string[], actor: Actor): Promise<number> {
    // In the order of ids, as all writers of tokens lock them, so that none deadlock.
    const ordered = [...new Set(ids)].sort();
    let revoked = 0;
    for (let at = 0; at < ordered.length; at += TOKENS_AT_ONCE) {
      const batch = ordered.slice(at, at + TOKENS_AT_ONCE);
      revoked += await this.unitOfWork.run((unit) => this.#revoke(unit, batch, actor));
    }
    return revoked;
  }

  async #revokeAllOf(ownerId: string, actor: Actor): Promise<number> {
    let revoked = 0;
    for await (const ids of this.tokens.pagesOf(ownerId, true)) revoked += await this.#revokeAll(ids, actor);
    return revoked;
  }

  /** Locks the rows first, so that each is revoked and recorded once. */
  async #revoke(unit: Unit, ids: readonly string[], actor: Actor): Promise<number> {
    const { manager } = unit;
    const locked = await manager.find(TokenEntity, {
      where: { id: In([...ids]) },
      order: { id: 'ASC' },
      ...rowLock(manager),
    });
    const rows = locked.filter((row) => row.revokedAtMs === null);
    if (rows.length === 0) return 0;
    const end = { revokedAtMs: this.clock.nowMs(), revokedBy: actor.name };
    await manager.update(TokenEntity, { id: In(rows.map((row) => row.id)), revokedAtMs: IsNull() }, end);
    for (const row of rows) {
      unit.changed('token', row.id);
      this.audit.recordChange(manager, actor, {
        type: 'token.revoked',
        ...auditFields(row),
        detail: { token: auditedProperties({ ...row, ...end }) },
      });
    }
    return rows.length;
  }
}
