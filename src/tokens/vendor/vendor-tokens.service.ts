import { Injectable } from '@nestjs/common';
import type { Authenticated } from '@scopegate/access';
import { isScope, type Scope } from '@scopegate/scope';
import type { Actor } from '../../audit/actor.js';
import { DirectoryService } from '../../directory/directory.service.js';
import type { TokenEntity } from '../token.entity.js';
import { TokenDescriptionService } from '../token-description.service.js';
import { TokenIssueService } from '../token-issue.service.js';
import { TokenRepository, type TokenFilter } from '../token.repository.js';
import { TokenRevocationService } from '../token-revocation.service.js';
import { unknownToken, VisibleTokenReader } from '../visible-token.reader.js';
import type {
  VendorCreatedToken,
  VendorCreateTokenDto,
  VendorPageQuery,
  VendorToken,
  VendorTokenPage,
  VendorTokenQuery,
} from './vendor-token.dto.js';

/** The vendor's numbers of the scopes. */
const SCOPE_NUMBERS = { 'read-only': 1, 'read-write': 2 } as const satisfies Readonly<Record<Scope, 1 | 2>>;

/** Every token here has a scope, so 0 finds nothing. */
const SCOPE_NAMES = { 0: 'none', 1: 'read-only', 2: 'read-write' } as const;

@Injectable()
export class VendorTokensService {
  constructor(
    private readonly tokens: TokenRepository,
    private readonly visible: VisibleTokenReader,
    private readonly issuing: TokenIssueService,
    private readonly descriptions: TokenDescriptionService,
    private readonly revocation: TokenRevocationService,
    private readonly directory: DirectoryService,
  ) {}

  async create(caller: Authenticated, actor: Actor, asked: VendorCreateTokenDto): Promise<VendorCreatedToken> {
    const expiresAt = asked.tokenExpirationDateTime ?? undefined;
    const months = expiresAt === undefined ? (asked.tokenValidityTimeInMonths ?? undefined) : undefined;
    const { row, shown } = await this.issuing.issue(caller, actor, {
      description: asked.tokenDescription,
      scope: asked.tokenScope === 2 ? 'read-write' : 'read-only',
      ...(asked.tokenForUserKey === undefined || asked.tokenForUserKey === null
        ? {}
        : { owner: asked.tokenForUserKey }),
      expiry: { expiresAt, months },
    });
    return {
      id: row.sequence,
      plainTextToken: shown.secret,
      tokenDescription: row.description,
      tokenScope: scopeNumber(row),
      tokenValidityTimeInMonths: months ?? null,
      tokenExpirationDateTime: row.expiresAtMs === null ? null : new Date(row.expiresAtMs).toISOString(),
      tokenExpirationDateTimeMillis: row.expiresAtMs,
      tokenForUserKey: row.ownerName,
    };
  }

  listOwn(caller: Authenticated, query: VendorPageQuery): Promise<VendorTokenPage> {
    return this.#page(caller, { ownerIds: [caller.principal.id] }, query);
  }

  async listByFilter(caller: Authenticated, query: VendorTokenQuery): Promise<VendorTokenPage> {
    const { userFilter, descriptionFilter, tokenScope } = query;
    const bounds = [query.notValidAfter, query.untilExpiresDuring].filter((bound) => bound !== undefined);
    const filter: TokenFilter = {
      // An unknown name finds nothing, rather than everything.
      ...(userFilter === undefined ? {} : { ownerIds: await this.#idsOf(userFilter) }),
      ...(descriptionFilter === undefined ? {} : { description: descriptionFilter }),
      ...(tokenScope === undefined ? {} : { scope: SCOPE_NAMES[tokenScope] }),
      ...(query.fromCreated === undefined ? {} : { createdFromMs: query.fromCreated }),
      ...(query.untilCreated === undefined ? {} : { createdToMs: query.untilCreated }),
      ...(query.fromLastUsed === undefined ? {} : { lastUsedFromMs: query.fromLastUsed }),
      ...(query.untilLastUsed === undefined ? {} : { lastUsedToMs: query.untilLastUsed }),
      ...(query.fromExpiresDuring === undefined ? {} : { expiresFromMs: query.fromExpiresDuring }),
      ...(bounds.length === 0 ? {} : { expiresToMs: Math.min(...bounds) }),
    };
    return this.#page(caller, filter, query);
  }

  async rename(caller: Authenticated, actor: Actor, id: string, description: string): Promise<VendorToken> {
    const row = await this.#find(caller, id);
    await this.descriptions.rename(caller, actor, row.id, description);
    return toVendorToken({ ...row, description });
  }

  async revoke(caller: Authenticated, actor: Actor, id: string): Promise<true> {
    const row = await this.#find(caller, id);
    await this.revocation.revokeOne(caller, actor, row.id);
    return true;
  }

  async #find(caller: Authenticated, id: string): Promise<TokenEntity> {
    if (!/^[1-9]\d{0,9}$/.test(id)) throw unknownToken();
    const row = await this.visible.findBySequence(caller, Number(id));
    // The vendor's scripts expect a revoked token to be gone.
    if (row.revokedAtMs !== null) throw unknownToken();
    return row;
  }

  async #idsOf(names: readonly string[]): Promise<readonly string[]> {
    const users = await Promise.all(names.map((name) => this.directory.findByName(name)));
    return users.flatMap((user) => user?.id ?? []);
  }

  async #page(caller: Authenticated, filter: TokenFilter, { page, limit }: VendorPageQuery): Promise<VendorTokenPage> {
    const seen = { ...filter, ...this.visible.filterFor(caller), isRevoked: false };
    const rows = await this.tokens.slice(seen, page * limit, limit + 1);
    const content = rows.slice(0, limit).map(toVendorToken);
    return {
      content,
      number: page,
      size: limit,
      numberOfElements: content.length,
      last: rows.length <= limit,
    };
  }
}

function scopeNumber({ id, scope }: TokenEntity): 1 | 2 {
  if (!isScope(scope)) throw new Error(`The token ${id} has the unknown scope "${String(scope)}".`);
  return SCOPE_NUMBERS[scope];
}

function toVendorToken(row: TokenEntity): VendorToken {
  return {
    id: row.sequence,
    description: row.description,
    userKey: row.ownerName,
    tokenScope: scopeNumber(row),
    created: row.createdAtMs,
    lastAccessed: row.lastUsedAtMs ?? 0,
    validUntil: row.expiresAtMs,
  };
}
