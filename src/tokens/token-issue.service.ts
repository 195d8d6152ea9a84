import { Injectable } from '@nestjs/common';
import {
  decideTokenCreation,
  MANAGEMENT_KEY,
  type Authenticated,
  type CreationOutcome,
  type ParentToken,
  type PrincipalFacts,
} from '@scopegate/access';
import { parseAllowListEntry } from '@scopegate/network';
import { heldPermissions } from '@scopegate/permission';
import { effectiveExpiry, sameUserName, type ExpiryAsked } from '@scopegate/token';
import { ApplicationsService } from '../applications/applications.service.js';
import type { Actor } from '../audit/actor.js';
import { AuditService } from '../audit/audit.service.js';
import { invalidField, invalidFields, ProblemException } from '../common/http/problem.exception.js';
import { Clock } from '../common/time/clock.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { DirectoryService } from '../directory/directory.service.js';
import { PermissionsService } from '../permissions/permissions.service.js';
import { SettingsService } from '../settings/settings.service.js';
import type { CreatedTokenDto, CreateTokenDto } from './dto/token.dto.js';
import { Pepper } from './pepper.js';
import { requireNoSecret } from './token-description.service.js';
import type { TokenEntity } from './token.entity.js';
import { auditedProperties, auditFields, toCreatedTokenDto, toNewToken, toRefusal } from './token.mapper.js';
import { TokenRepository } from './token.repository.js';
import { TokenStateReader } from './token-state.reader.js';

export type TokenRequest = Omit<CreateTokenDto, 'validity' | 'expiresAt'> & {
  readonly expiry: ExpiryAsked;
};

export interface IssuedToken {
  readonly row: TokenEntity;
  readonly shown: CreatedTokenDto;
}

interface Involved {
  readonly creator: PrincipalFacts;
  readonly owner: PrincipalFacts | null;
  /** The token of the caller, which the new one must not exceed. */
  readonly parent: ParentToken | null;
  readonly nowMs: number;
}

@Injectable()
export class TokenIssueService {
  constructor(
    private readonly tokens: TokenRepository,
    private readonly states: TokenStateReader,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
    private readonly pepper: Pepper,
    private readonly directory: DirectoryService,
    private readonly permissions: PermissionsService,
    private readonly settings: SettingsService,
    private readonly applications: ApplicationsService,
    private readonly clock: Clock,
  ) {}

  async issue(caller: Authenticated, actor: Actor, asked: TokenRequest): Promise<IssuedToken> {
    requireNoSecret(asked.description);
    const creator = caller.principal;
    const owner = await this.#ownerOf(creator, asked.owner);
    const parent = caller.token === null ? null : await this.#parentOf(caller.token.id);
    const nowMs = this.clock.nowMs();
    const limits = this.#decide(asked, { creator, owner, parent, nowMs });
    if (owner === null) throw invalidField('owner', 'is not an active user. Check the user name.');
    this.#requireApplications(asked.applications);

    const { secret, columns } = this.pepper.mintToken();
    const token = toNewToken(columns, asked, limits, { owner, creator, nowMs });
    const state = await this.states.stateOf(token);
    return this.unitOfWork.run(async (unit) => {
      const row = await this.tokens.insert(unit, token);
      this.audit.recordChange(unit.manager, actor, {
        type: 'token.created',
        ...auditFields(row),
        detail: { token: auditedProperties(row) },
      });
      const shown = toCreatedTokenDto(row, state, secret);
      await actor.idempotencyClaim?.keep(unit.manager, shown);
      return { row, shown };
    });
  }

  async #ownerOf(creator: PrincipalFacts, name: string | undefined): Promise<PrincipalFacts | null> {
    if (name === undefined || sameUserName(name, creator.username)) return creator;
    const owner = await this.directory.findByName(name);
    return owner?.active === true ? owner : null;
  }

  /** Judges permissions before the owner: a caller who may not create for others must not learn which users exist. */
  #decide(asked: TokenRequest, { creator, owner, parent, nowMs }: Involved): CreationOutcome & { readonly ok: true } {
    const permissions = this.permissions.current();
    const outcome = decideTokenCreation({
      asked: {
        scope: asked.scope,
        ownerId: owner?.id ?? '',
        expiry: asked.expiry,
        allowList: canonicalEntries(asked.allowList),
        applications: asked.applications ?? null,
      },
      creatorId: creator.id,
      held: heldPermissions(permissions, creator.groups),
      permissions,
      maximum: this.settings.current().tokenValidity.maximum,
      parent,
      nowMs,
    });
    if (outcome.ok) return outcome;
    throw toRefusal(outcome);
  }

  async #parentOf(id: string): Promise<ParentToken> {
    const row = await this.tokens.find(id);
    if (row === null) throw new ProblemException('conflict', 'The token of this request has been removed.');
    return {
      ownerId: row.ownerId,
      scope: row.scope,
      expiresAt: effectiveExpiry(
        { createdAt: row.createdAtMs, expiresAt: row.expiresAtMs },
        this.settings.current().tokenValidity,
      ),
      allowList: row.allowList,
      applications: row.applications,
    };
  }

  #requireApplications(keys: readonly string[] | undefined): void {
    const unknown = keys?.find((key) => key !== MANAGEMENT_KEY && this.applications.byKey(key) === null);
    if (unknown !== undefined) throw invalidField('applications', 'names an application that does not exist.');
  }
}

function canonicalEntries(entries: readonly string[] | undefined): readonly string[] | null {
  if (entries === undefined) return null;
  const texts = entries.map((text, index) => {
    const parsed = parseAllowListEntry(text);
    if (!parsed.ok) throw invalidFields([{ field: `allowList.${index}`, message: parsed.message }]);
    return parsed.entry.text;
  });
  return [...new Set(texts)];
}
