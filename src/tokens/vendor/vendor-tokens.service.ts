import { Injectable } from '@nestjs/common';
import type { Authenticated } from '@scopegate/access';
import type { Actor } from '../../audit/actor.js';
import { ProblemException } from '../../common/http/problem.exception.js';
import type { TokenEntity } from '../token.entity.js';
import { TokensService } from '../tokens.service.js';
import type {
  VendorCreatedToken,
  VendorCreateTokenDto,
  VendorToken,
  VendorTokenPage,
  VendorTokenQuery,
} from './vendor-token.dto.js';

/** The vendor's calls in terms of our tokens. */
@Injectable()
export class VendorTokensService {
  constructor(private readonly tokens: TokensService) {}

  async create(caller: Authenticated, actor: Actor, asked: VendorCreateTokenDto): Promise<VendorCreatedToken> {
    const expiresAt = asked.tokenExpirationDateTime ?? undefined;
    const months = expiresAt === undefined ? (asked.tokenValidityTimeInMonths ?? undefined) : undefined;
    const { row, secret } = await this.tokens.make(caller, actor, {
      description: asked.tokenDescription,
      scope: asked.tokenScope === 2 ? 'read-write' : 'read-only',
      ...(asked.tokenForUserKey === undefined || asked.tokenForUserKey === null
        ? {}
        : { owner: asked.tokenForUserKey }),
      expiry: { expiresAt, months },
    });
    return {
      id: row.sequence,
      plainTextToken: secret,
      tokenDescription: row.description,
      tokenScope: scopeNumber(row),
      tokenValidityTimeInMonths: months ?? null,
      tokenExpirationDateTime: row.expiresAtMs === null ? null : new Date(row.expiresAtMs).toISOString(),
      tokenExpirationDateTimeMillis: row.expiresAtMs,
      tokenForUserKey: row.ownerName,
    };
  }

  /** The caller's own tokens. */
  listOwn(caller: Authenticated, query: VendorTokenQuery): Promise<VendorTokenPage> {
    return this.#page(caller, { ...query, tokenForUserKey: caller.principal.username });
  }

  /** The tokens the caller may see. */
  listAll(caller: Authenticated, query: VendorTokenQuery): Promise<VendorTokenPage> {
    return this.#page(caller, query);
  }

  async describe(caller: Authenticated, actor: Actor, id: string, description: string): Promise<VendorToken> {
    const row = await this.#find(caller, id);
    await this.tokens.describe(caller, actor, row.id, description);
    return toVendorToken({ ...row, description });
  }

  async revoke(caller: Authenticated, actor: Actor, id: string): Promise<true> {
    const row = await this.#find(caller, id);
    await this.tokens.revokeOne(caller, actor, row.id);
    return true;
  }

  async #find(caller: Authenticated, id: string): Promise<TokenEntity> {
    const row = /^[1-9]\d{0,9}$/.test(id) ? await this.tokens.findBySequence(caller, Number(id)) : null;
    // A revoked token is gone for the vendor's scripts.
    if (row === null || row.revokedAtMs !== null) {
      throw new ProblemException('not_found', 'There is no such token, or it is none of yours.');
    }
    return row;
  }

  async #page(caller: Authenticated, query: VendorTokenQuery): Promise<VendorTokenPage> {
    const rows = await this.tokens.unrevokedRows(
      caller,
      {
        ...(query.tokenForUserKey === undefined ? {} : { ownerName: query.tokenForUserKey }),
        ...(query.tokenDescription === undefined ? {} : { text: query.tokenDescription }),
        ...(query.tokenScope === undefined ? {} : { scope: query.tokenScope === 2 ? 'read-write' : 'read-only' }),
      },
      query.page * query.size,
      query.size + 1,
    );
    const content = rows.slice(0, query.size).map(toVendorToken);
    return {
      content,
      number: query.page,
      size: query.size,
      numberOfElements: content.length,
      last: rows.length <= query.size,
    };
  }
}

function scopeNumber(row: TokenEntity): 1 | 2 {
  return row.scope === 'read-write' ? 2 : 1;
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
