import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import {
  decideTokenCreation,
  MANAGEMENT_KEY,
  type Authenticated,
  type ParentToken,
  type PrincipalFacts,
} from '@scopegate/access';
import { describeChange } from '@scopegate/audit';
import { parseAllowListEntry } from '@scopegate/network';
import { exceedsScopePolicy, heldPermissions, holds, type HeldPermissions } from '@scopegate/permission';
import {
  effectiveExpiry,
  exceedsValidity,
  mintToken,
  parseInstant,
  parseOverlap,
  sameUserName,
  tokenHint,
  tokenStatus,
  type ExpiryAsked,
  userNameKey,
} from '@scopegate/token';
import { IsNull } from 'typeorm';
import { ApplicationsService } from '../applications/applications.service.js';
import type { Actor } from '../audit/actor.js';
import { AuditService } from '../audit/audit.service.js';
import { invalidField, ProblemException } from '../common/http/problem.exception.js';
import { decodeCursor, encodeCursor, type Page } from '../common/paging/page.js';
import { Clock } from '../common/time/clock.js';
import { UnitOfWork, type Unit } from '../database/unit-of-work.js';
import { DirectoryService } from '../directory/directory.service.js';
import { PermissionsService } from '../permissions/permissions.service.js';
import { SettingsService } from '../settings/settings.service.js';
import type { CreatedTokenDto, TokenDto } from './dto/token.dto.js';
import type { CreateTokenDto, RevokeTokensDto, TokenQuery } from './dto/token.input.dto.js';
import { Pepper } from './pepper.js';
import { auditFields, propertiesOf } from './token-event.js';
import { TokenEntity } from './token.entity.js';
import { toCreatedTokenDto, toTokenDto, type TokenJudgement } from './token.mapper.js';
import { TokenRevoker } from './token.revoker.js';
import {
  isSortValue,
  sortValue,
  TokenRepository,
  type TokenFilter,
  type TokenOrder,
  type TokenSortField,
} from './token.repository.js';

/** Rows read at a time where a filter can only be judged on the row. */
const SCAN_SIZE = 500;

/** Rows looked at in one statement where no index answers a filter: few first, since most answers are near. */
const FIRST_SPAN = 1_000;
const LARGEST_SPAN = 8_000;

/** How long rows are looked at for one page; the page then ends early, and its cursor goes on from there (R82). */
const SEARCH_MS = 100;

/** What a caller asks a new token to be like. */
export type TokenRequest = Omit<CreateTokenDto, 'validity' | 'expiresAt'> & {
  readonly expiry: ExpiryAsked;
};

/** A token before it is stored. */
type NewToken = Omit<TokenEntity, 'sequence'>;

/** Makes, shows and ends tokens. */
@Injectable()
export class TokensService {
  constructor(
    private readonly tokens: TokenRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
    private readonly revoker: TokenRevoker,
    private readonly pepper: Pepper,
    private readonly directory: DirectoryService,
    private readonly permissions: PermissionsService,
    private readonly settings: SettingsService,
    private readonly applications: ApplicationsService,
    private readonly clock: Clock,
  ) {}

  /** The permissions a user holds now. */
  heldBy(user: PrincipalFacts): HeldPermissions {
    return heldPermissions(this.permissions.current(), user.groups);
  }

  /** Makes a token; the answer holds its secret, this once. */
  async create(caller: Authenticated, actor: Actor, asked: TokenRequest): Promise<CreatedTokenDto> {
    const { row, judgement, secret } = await this.make(caller, actor, asked);
    return toCreatedTokenDto(row, judgement, secret);
  }

  /** Makes a token and gives its row, for the calls that answer in another shape. */
  async make(
    caller: Authenticated,
    actor: Actor,
    asked: TokenRequest,
  ): Promise<{ readonly row: TokenEntity; readonly judgement: TokenJudgement; readonly secret: string }> {
    refuseTokenIn(asked.description);
    const creator = caller.principal;
    const owner = await this.#ownerOf(creator, asked.owner);
    const parent = caller.token === null ? null : await this.#parentOf(caller);
    const nowMs = this.clock.nowMs();
    const outcome = decideTokenCreation({
      asked: {
        scope: asked.scope,
        // A name nobody has is judged first: who may not create for others does not learn which names there are.
        ownerId: owner?.id ?? '',
        expiry: asked.expiry,
        allowList: canonicalEntries(asked.allowList),
        applications: asked.applications ?? null,
      },
      creatorId: creator.id,
      held: this.heldBy(creator),
      permissions: this.permissions.current(),
      maximum: this.settings.current().tokenValidity.maximum,
      parent,
      nowMs,
    });
    if (!outcome.ok) {
      if (outcome.code === 'validation_failed') throw invalidText(outcome.field, outcome.message);
      throw new ProblemException(outcome.code, outcome.message);
    }
    if (owner === null) throw invalidField('owner', 'is no active user. Check the user name.');
    this.#requireApplications(asked.applications);

    const { id, secret } = mintToken(randomBytes);
    const row: NewToken = {
      id,
      ...this.pepper.digest(secret),
      hint: tokenHint(secret),
      ownerId: owner.id,
      ownerName: owner.username,
      ownerKey: userNameKey(owner.username),
      creatorId: creator.id,
      createdBy: creator.username,
      description: asked.description,
      scope: asked.scope,
      createdAtMs: nowMs,
      expiresAtMs: outcome.expiresAt,
      revokedAtMs: null,
      revokedBy: null,
      lastUsedAtMs: null,
      lastUsedIp: null,
      useCount: 0,
      allowList: outcome.allowList,
      applications: outcome.applications,
      successorId: null,
    };
    const judgement = await this.judge(row);
    const stored = await this.unitOfWork.run(async (unit) => {
      const inserted = await this.#insert(unit, row);
      this.audit.recordChange(unit.manager, actor, {
        type: 'token.created',
        ...auditFields(inserted),
        detail: { token: propertiesOf(inserted) },
      });
      await actor.idempotencyClaim?.keep(unit.manager, toCreatedTokenDto(inserted, judgement, secret));
      return inserted;
    });
    return { row: stored, judgement, secret };
  }

  /** Replaces a token by a successor with the same properties; the old one lives on for the overlap at most. */
  async rotate(caller: Authenticated, actor: Actor, id: string, overlap: string | undefined): Promise<CreatedTokenDto> {
    const old = await this.#mustSee(caller, id);
    if (caller.token !== null && caller.token.id !== old.id) {
      throw new ProblemException('exceeds_parent_token', 'A token may rotate only itself.');
    }
    const reading = parseOverlap(overlap ?? 'PT0S');
    if (!reading.ok) throw invalidText('overlap', reading.message);
    this.#requireMayCreateAgain(caller, old);
    if ((await this.judge(old)).status === 'expired') {
      throw new ProblemException('conflict', 'The token has expired. Create a new one.');
    }
    const nowMs = this.clock.nowMs();
    // R10: a token cannot prolong its own life, not even where the maximum ends it earlier than it says itself.
    const expiresAtMs =
      caller.token === null
        ? old.expiresAtMs
        : effectiveExpiry(
            { createdAt: old.createdAtMs, expiresAt: old.expiresAtMs },
            this.settings.current().tokenValidity,
          );
    const { id: successorId, secret } = mintToken(randomBytes);
    const { sequence: _sequence, ...properties } = old;
    const successor: NewToken = {
      ...properties,
      id: successorId,
      ...this.pepper.digest(secret),
      hint: tokenHint(secret),
      creatorId: caller.principal.id,
      createdBy: caller.principal.username,
      createdAtMs: nowMs,
      expiresAtMs,
      lastUsedAtMs: null,
      lastUsedIp: null,
      useCount: 0,
    };
    const judgement = await this.judge(successor);
    return this.unitOfWork.run(async (unit) => {
      const endMs = nowMs + reading.overlapMs;
      const end =
        reading.overlapMs === 0
          ? { revokedAtMs: nowMs, revokedBy: actor.name }
          : { expiresAtMs: Math.min(old.expiresAtMs ?? endMs, endMs) };
      // Only one of two rotations at the same time finds the token without a successor.
      const updated = await unit.manager.update(
        TokenEntity,
        { id: old.id, successorId: IsNull(), revokedAtMs: IsNull() },
        { ...end, successorId },
      );
      if (updated.affected !== 1) {
        throw new ProblemException('conflict', 'The token has been revoked or rotated already.');
      }
      unit.changed('token', old.id);
      const inserted = await this.#insert(unit, successor);
      this.audit.recordChange(unit.manager, actor, {
        type: 'token.rotated',
        ...auditFields(old),
        detail: {
          successorId,
          overlap: overlap ?? null,
          changes: describeChange(propertiesOf(old), propertiesOf({ ...old, ...end })),
        },
      });
      const answer = toCreatedTokenDto(inserted, judgement, secret);
      await actor.idempotencyClaim?.keep(unit.manager, answer);
      return answer;
    });
  }

  /** One page of the tokens the caller may see. */
  async list(caller: Authenticated, query: TokenQuery): Promise<Page<TokenDto>> {
    const filter = this.#filterOf(caller, query);
    const sort = query.sort ?? '-createdAt';
    const field = sort.replace('-', '') as TokenSortField;
    const cursor = decodeCursor(query.cursor, 3);
    if (cursor !== null && (cursor[0] !== sort || !isSortValue(field, cursor[1]) || typeof cursor[2] !== 'number')) {
      throw invalidField('cursor', 'belongs to a list in another order. Start again without it.');
    }
    if (query.exceedsPolicy === true && !this.#canExceedPolicy()) return { items: [], nextCursor: null };
    let after: TokenOrder['after'] = cursor === null ? null : [cursor[1] ?? null, cursor[2] as number];
    const items: TokenDto[] = [];
    const judged = query.status !== undefined || query.exceedsPolicy !== undefined;
    const endTick = performance.now() + SEARCH_MS;
    for (let span = FIRST_SPAN; ; span = Math.min(2 * span, LARGEST_SPAN)) {
      const wanted = judged ? SCAN_SIZE : query.limit - items.length + 1;
      const order = { field, isDescending: sort.startsWith('-'), after };
      const { rows, next } = await this.tokens.next(filter, order, span, wanted);
      const users = await this.#usersOf(rows);
      for (const row of rows) {
        const judgement = this.#judge(row, users);
        const shown =
          (query.status === undefined || judgement.status === query.status) &&
          (query.exceedsPolicy === undefined || judgement.exceedsPolicy === query.exceedsPolicy);
        if (shown && items.length === query.limit) return { items, nextCursor: cursorOf(sort, after) };
        after = [sortValue(row, field), row.sequence];
        if (shown) items.push(toTokenDto(row, judgement));
      }
      if (next === null) return { items, nextCursor: null };
      after = next;
      if (performance.now() > endTick) return { items, nextCursor: cursorOf(sort, after) };
      // SQLite answers in this thread: the requests get theirs in between.
      await nextTurn();
    }
  }

  /** One token; what the caller may not see is a 404. */
  async get(caller: Authenticated, id: string): Promise<TokenDto> {
    const row = await this.#mustSee(caller, id);
    return toTokenDto(row, await this.judge(row));
  }

  /** Changes the description of a token. */
  async describe(caller: Authenticated, actor: Actor, id: string, given: string | undefined): Promise<TokenDto> {
    const row = await this.#mustSee(caller, id);
    const description = given ?? row.description;
    refuseTokenIn(description);
    if (row.description !== description) {
      await this.unitOfWork.run(async (unit) => {
        await unit.manager.update(TokenEntity, { id: row.id }, { description });
        unit.changed('token', row.id);
        this.audit.recordChange(unit.manager, actor, {
          type: 'token.changed',
          ...auditFields({ ...row, description }),
          detail: { changes: describeChange({ description: row.description }, { description }) },
        });
      });
    }
    const changed = { ...row, description };
    return toTokenDto(changed, await this.judge(changed));
  }

  /**
   * Revokes a token; it stays listed until it is purged. A second time changes nothing.
   * @returns how many were revoked: 1, or 0 where it had been before
   */
  async revokeOne(caller: Authenticated, actor: Actor, id: string): Promise<number> {
    const row = await this.#mustSee(caller, id);
    return row.revokedAtMs === null ? this.revoker.revokeAll([row.id], actor) : 0;
  }

  /**
   * Revokes several tokens, or all of one owner, some at a time: those that have been revoked when it breaks off stay so.
   * Those the caller may not see do not count.
   */
  async revokeMany(caller: Authenticated, actor: Actor, asked: RevokeTokensDto): Promise<number> {
    if ((asked.ids === undefined) === (asked.owner === undefined)) {
      throw new ProblemException('validation_failed', 'Give either "ids" or "owner".');
    }
    if (asked.owner !== undefined) {
      const owner = await this.directory.findByName(asked.owner);
      if (owner === null || (owner.id !== caller.principal.id && !this.#seesAll(caller))) return 0;
      return this.revoker.revokeAllOf(owner.id, actor);
    }
    const rows = await this.tokens.findAll(asked.ids ?? []);
    return this.revoker.revokeAll(
      rows.filter((row) => this.#maySee(caller, row)).map((row) => row.id),
      actor,
    );
  }

  /** What today's settings and permissions say of a token. */
  async judge(row: NewToken): Promise<TokenJudgement> {
    return this.#judge(row, await this.#usersOf([row]));
  }

  /** The owners and the creators of tokens, by their ids. */
  #usersOf(rows: readonly NewToken[]): Promise<ReadonlyMap<string, PrincipalFacts>> {
    return this.directory.findAll(rows.flatMap(({ ownerId, creatorId }) => [ownerId, creatorId]));
  }

  #judge(row: NewToken, users: ReadonlyMap<string, PrincipalFacts>): TokenJudgement {
    const permissions = this.permissions.current();
    const policy = this.settings.current().tokenValidity;
    const owner = users.get(row.ownerId);
    const creator = users.get(row.creatorId);
    const ownerMayUse = owner?.active === true && holds(permissions, 'useTokens', owner.groups);
    const lifetime = { createdAt: row.createdAtMs, expiresAt: row.expiresAtMs, revokedAt: row.revokedAtMs };
    return {
      status: tokenStatus(lifetime, policy, ownerMayUse, this.clock.nowMs()),
      exceedsPolicy:
        exceedsValidity(lifetime, policy) ||
        exceedsScopePolicy({ scope: row.scope as TokenDto['scope'] }, permissions, {
          owner: owner !== undefined && holds(permissions, 'createOnBehalf', owner.groups),
          creator: creator !== undefined && holds(permissions, 'createOnBehalf', creator.groups),
        }),
    };
  }

  /** Rows of tokens that are not revoked and that the caller may see, oldest first. */
  unrevokedRows(caller: Authenticated, filter: TokenFilter, skip: number, limit: number): Promise<TokenEntity[]> {
    const seen = this.#seesAll(caller) ? filter : { ...filter, ownerId: caller.principal.id };
    return this.tokens.slice({ ...seen, isRevoked: false }, skip, limit);
  }

  /** The row of a token by its whole-number id, where the caller may see it. */
  async findBySequence(caller: Authenticated, sequence: number): Promise<TokenEntity | null> {
    const row = await this.tokens.findBySequence(sequence);
    return row !== null && this.#maySee(caller, row) ? row : null;
  }

  async #insert(unit: Unit, row: NewToken): Promise<TokenEntity> {
    const inserted = await unit.manager.insert(TokenEntity, row);
    unit.changed('token', row.id);
    return { ...row, sequence: Number(inserted.identifiers[0]?.['sequence']) };
  }

  /** The owner asked for: the creator itself, or an active user of that name; null where there is none. */
  async #ownerOf(creator: PrincipalFacts, name: string | undefined): Promise<PrincipalFacts | null> {
    if (name === undefined || sameUserName(name, creator.username)) return creator;
    const owner = await this.directory.findByName(name);
    return owner?.active === true ? owner : null;
  }

  async #parentOf(caller: Authenticated): Promise<ParentToken> {
    const row = caller.token === null ? null : await this.tokens.find(caller.token.id);
    if (row === null) throw new ProblemException('conflict', 'The token this was asked with is gone.');
    return {
      ownerId: row.ownerId,
      scope: row.scope as TokenDto['scope'],
      expiresAt: effectiveExpiry(
        { createdAt: row.createdAtMs, expiresAt: row.expiresAtMs },
        this.settings.current().tokenValidity,
      ),
      allowList: row.allowList,
      applications: row.applications,
    };
  }

  /** A rotation makes a token, so it needs the permission to make one like the old one. */
  #requireMayCreateAgain(caller: Authenticated, old: TokenEntity): void {
    const outcome = decideTokenCreation({
      asked: {
        scope: old.scope as TokenDto['scope'],
        ownerId: old.ownerId,
        expiry: {},
        allowList: null,
        applications: null,
      },
      creatorId: caller.principal.id,
      held: this.heldBy(caller.principal),
      permissions: this.permissions.current(),
      maximum: 'never',
      parent: null,
      nowMs: this.clock.nowMs(),
    });
    if (!outcome.ok && outcome.code !== 'validation_failed') throw new ProblemException(outcome.code, outcome.message);
  }

  #requireApplications(keys: readonly string[] | undefined): void {
    const unknown = keys?.find((key) => key !== MANAGEMENT_KEY && this.applications.byKey(key) === null);
    if (unknown !== undefined) throw invalidField('applications', 'names an application that there is not.');
  }

  #seesAll(caller: Authenticated): boolean {
    return this.directory.isAdministrator(caller.principal) || this.heldBy(caller.principal).createOnBehalf;
  }

  /** A token sees what its owner sees. */
  #maySee(caller: Authenticated, row: TokenEntity): boolean {
    return row.ownerId === caller.principal.id || this.#seesAll(caller);
  }

  async #mustSee(caller: Authenticated, id: string): Promise<TokenEntity> {
    const row = await this.tokens.find(id);
    if (row === null || !this.#maySee(caller, row)) {
      throw new ProblemException('not_found', 'There is no such token, or it is none of yours.');
    }
    return row;
  }

  /** Whether today's settings and permissions forbid anything that a token can be. */
  #canExceedPolicy(): boolean {
    const { maximum } = this.settings.current().tokenValidity;
    return maximum !== 'never' || this.permissions.current().createForSelf.readOnlyOnly;
  }

  #filterOf(caller: Authenticated, query: TokenQuery): TokenFilter {
    return {
      ...(this.#seesAll(caller) ? {} : { ownerId: caller.principal.id }),
      ...(query.owner === undefined ? {} : { ownerName: query.owner }),
      ...(query.scope === undefined ? {} : { scope: query.scope }),
      ...(query.status === undefined ? {} : { isRevoked: query.status === 'revoked' }),
      ...(query.q === undefined ? {} : { text: query.q }),
      ...(query.neverUsed === undefined ? {} : { neverUsed: query.neverUsed }),
      ...bound('createdFromMs', query.createdFrom),
      ...bound('createdToMs', query.createdTo),
      ...bound('lastUsedFromMs', query.lastUsedFrom),
      ...bound('lastUsedToMs', query.lastUsedTo),
      ...bound('expiresFromMs', query.expiresFrom),
      ...bound('expiresToMs', query.expiresTo),
    };
  }
}

/** Reads an instant of a query. */
function bound<Name extends string>(name: Name, text: string | undefined): Partial<Record<Name, number>> {
  if (text === undefined) return {};
  const instant = parseInstant(text);
  if (!instant.ok) throw invalidText(name.replace(/Ms$/, ''), instant.message);
  return { [name]: instant.instantMs } as Record<Name, number>;
}

function cursorOf(sort: string, after: TokenOrder['after']): string | null {
  return after === null ? null : encodeCursor([sort, ...after]);
}

/** The entries in their canonical spelling. */
function canonicalEntries(entries: readonly string[] | undefined): readonly string[] | null {
  if (entries === undefined) return null;
  const texts = entries.map((text, index) => {
    const parsed = parseAllowListEntry(text);
    if (!parsed.ok) throw invalidText(`allowList.${index}`, parsed.message);
    return parsed.entry.text;
  });
  return [...new Set(texts)];
}

function invalidText(field: string, message: string): ProblemException {
  return new ProblemException('validation_failed', message, [{ field, message }]);
}

/** The id and the secret of a token or a session, wherever they stand in a text. */
const TOKEN_IN_TEXT = /sgs?_[0-9A-Za-z]{12}_[0-9A-Za-z]{40}/;

/** Lists show descriptions, also to others than the owner: one with a token in it would give the token away (R61). */
function refuseTokenIn(description: string): void {
  if (TOKEN_IN_TEXT.test(description)) throw invalidField('description', 'must not hold a token. Lists show it.');
}
