import { Injectable } from '@nestjs/common';
import { decideRotatedExpiry, type Authenticated } from '@scopegate/access';
import { describeChange } from '@scopegate/audit';
import { decideCreation, heldPermissions } from '@scopegate/permission';
import { effectiveExpiry, parseOverlap, type ExpiryAsked } from '@scopegate/token';
import { IsNull } from 'typeorm';
import type { Actor } from '../audit/actor.js';
import { AuditService } from '../audit/audit.service.js';
import { invalidFields, ProblemException } from '../common/http/problem.exception.js';
import { Clock } from '../common/time/clock.js';
import { UnitOfWork, type Unit } from '../database/unit-of-work.js';
import { PermissionsService } from '../permissions/permissions.service.js';
import { SettingsService } from '../settings/settings.service.js';
import type { CreatedTokenDto } from './dto/token.dto.js';
import { Pepper } from './pepper.js';
import { TokenEntity } from './token.entity.js';
import { auditedProperties, auditFields, toCreatedTokenDto, toRefusal, toSuccessor } from './token.mapper.js';
import { TokenRepository } from './token.repository.js';
import { TokenStateReader } from './token-state.reader.js';
import { VisibleTokenReader } from './visible-token.reader.js';

export interface RotationAsked {
  /** How long the old token stays valid at most (ISO 8601); undefined ends it at once. */
  readonly overlap: string | undefined;
  /** Nothing asked: the old end. */
  readonly expiry: ExpiryAsked;
}

@Injectable()
export class TokenRotationService {
  constructor(
    private readonly tokens: TokenRepository,
    private readonly visible: VisibleTokenReader,
    private readonly states: TokenStateReader,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
    private readonly pepper: Pepper,
    private readonly permissions: PermissionsService,
    private readonly settings: SettingsService,
    private readonly clock: Clock,
  ) {}

  async rotate(
    caller: Authenticated,
    actor: Actor,
    id: string,
    { overlap, expiry }: RotationAsked,
  ): Promise<CreatedTokenDto> {
    const old = await this.visible.find(caller, id);
    if (caller.token !== null && caller.token.id !== old.id) {
      throw new ProblemException('exceeds_parent_token', 'A token may rotate only itself.');
    }
    const reading = parseOverlap(overlap ?? 'PT0S');
    if (!reading.ok) throw invalidFields([{ field: 'overlap', message: reading.message }]);
    this.#requireMayCreate(caller, old);
    if ((await this.states.stateOf(old)).status === 'expired') {
      throw new ProblemException('conflict', 'The token has expired. Create a new one.');
    }
    const nowMs = this.clock.nowMs();
    const { secret, columns } = this.pepper.mintToken();
    const successor = toSuccessor(old, columns, {
      creator: caller.principal,
      expiresAtMs: this.#expiryOfSuccessor(caller, old, expiry, nowMs),
      nowMs,
    });
    const state = await this.states.stateOf(successor);
    return this.unitOfWork.run(async (unit) => {
      const endMs = nowMs + reading.overlapMs;
      const end =
        reading.overlapMs === 0
          ? { revokedAtMs: nowMs, revokedBy: actor.name }
          : { expiresAtMs: Math.min(old.expiresAtMs ?? endMs, endMs) };
      await endReplaced(unit, old.id, { ...end, successorId: successor.id });
      const row = await this.tokens.insert(unit, successor);
      const shown = toCreatedTokenDto(row, state, secret);
      this.audit.recordChange(unit.manager, actor, {
        type: 'token.rotated',
        ...auditFields(old),
        detail: {
          successorId: successor.id,
          successorExpiresAt: shown.expiresAt,
          overlap: overlap ?? null,
          changes: describeChange(auditedProperties(old), auditedProperties({ ...old, ...end })),
        },
      });
      await actor.idempotencyClaim?.keep(unit.manager, shown);
      return shown;
    });
  }

  /** A token cannot prolong its own life, even if the maximum ends it earlier than its own expiry (R10). */
  #expiryOfSuccessor(caller: Authenticated, old: TokenEntity, asked: ExpiryAsked, nowMs: number): number | null {
    const policy = this.settings.current().tokenValidity;
    const isOwnRotation = caller.token !== null;
    const lifetime = { createdAt: old.createdAtMs, expiresAt: old.expiresAtMs };
    const outcome = decideRotatedExpiry({
      asked,
      expiresAt: isOwnRotation ? effectiveExpiry(lifetime, policy) : old.expiresAtMs,
      isOwnRotation,
      maximum: policy.maximum,
      nowMs,
    });
    if (outcome.ok) return outcome.expiresAt;
    throw toRefusal(outcome);
  }

  /** A rotation makes a token, so it needs the permission to create one with this scope and owner. */
  #requireMayCreate({ principal }: Authenticated, { scope, ownerId }: TokenEntity): void {
    const permissions = this.permissions.current();
    const outcome = decideCreation(heldPermissions(permissions, principal.groups), permissions, {
      forSelf: ownerId === principal.id,
      scope,
    });
    if (!outcome.ok) throw new ProblemException(outcome.code, outcome.message);
  }
}

/** @throws a 409 if the token has been revoked, or another rotation has replaced it first */
async function endReplaced(unit: Unit, id: string, end: Partial<TokenEntity>): Promise<void> {
  const { affected } = await unit.manager.update(
    TokenEntity,
    { id, successorId: IsNull(), revokedAtMs: IsNull() },
    end,
  );
  if (affected !== 1) throw new ProblemException('conflict', 'The token has already been revoked or rotated.');
  unit.changed('token', id);
}
