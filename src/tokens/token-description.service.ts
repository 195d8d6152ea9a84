import { Injectable } from '@nestjs/common';
import type { Authenticated } from '@scopegate/access';
import { describeChange } from '@scopegate/audit';
import { holdsSecret } from '@scopegate/token';
import type { Actor } from '../audit/actor.js';
import { AuditService } from '../audit/audit.service.js';
import { invalidField } from '../common/http/problem.exception.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import type { TokenDto } from './dto/token.dto.js';
import { TokenEntity } from './token.entity.js';
import { auditFields, toTokenDto } from './token.mapper.js';
import { TokenStateReader } from './token-state.reader.js';
import { VisibleTokenReader } from './visible-token.reader.js';

@Injectable()
export class TokenDescriptionService {
  constructor(
    private readonly visible: VisibleTokenReader,
    private readonly states: TokenStateReader,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
  ) {}

  /** @param given undefined changes nothing */
  async rename(caller: Authenticated, actor: Actor, id: string, given: string | undefined): Promise<TokenDto> {
    const row = await this.visible.find(caller, id);
    const description = given ?? row.description;
    requireNoSecret(description);
    const changed = { ...row, description };
    if (row.description !== description) {
      await this.unitOfWork.run(async (unit) => {
        await unit.manager.update(TokenEntity, { id: row.id }, { description });
        unit.changed('token', row.id);
        this.audit.recordChange(unit.manager, actor, {
          type: 'token.changed',
          ...auditFields(changed),
          detail: { changes: describeChange({ description: row.description }, { description }) },
        });
      });
    }
    return toTokenDto(changed, await this.states.stateOf(changed));
  }
}

/** Other users see descriptions in lists: a token in one would be given away (R61). */
export function requireNoSecret(description: string): void {
  if (holdsSecret(description)) {
    throw invalidField('description', 'must not contain a token, because lists show the description.');
  }
}
