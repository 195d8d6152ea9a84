import { IsBoolean, IsIn, IsOptional, IsString, Length, Matches, MaxLength } from 'class-validator';
import { SCOPES, type Scope } from '@scopegate/scope';
import { TOKEN_STATUSES, VALIDITIES, type TokenStatus, type Validity } from '@scopegate/token';
import { PageQuery } from '../../common/paging/page.js';
import { TextList } from '../../common/validation/bounded-list.decorator.js';
import { IfPresent } from '../../common/validation/if-present.decorator.js';
import { QueryBoolean } from '../../common/validation/query-boolean.decorator.js';

/** How to rotate a token. */
export class RotateTokenDto {
  /**
   * How long the old token still works, at most: an ISO 8601 duration of days, hours, minutes and seconds, up to 30
   * days. Default: it ends at once.
   * @example PT24H
   */
  @IfPresent()
  @IsString()
  @MaxLength(32)
  overlap?: string;

  /**
   * How long the successor is valid from now on, in calendar months or years; see `validities` of `GET /me`. Default,
   * without `expiresAt`: until the end of the old token.
   * @example P1Y
   */
  @IfPresent()
  @IsIn(VALIDITIES, { message: `validity must be one of ${VALIDITIES.join(', ')}` })
  validity?: Validity;

  /**
   * The end of the successor, instead of `validity`: ISO 8601 with an offset, in the future and within the maximum.
   * @example 2030-01-31T12:00:00.000Z
   */
  @IfPresent()
  @IsString({ message: 'expiresAt must be an ISO 8601 date-time with an offset, as a text' })
  @MaxLength(64)
  expiresAt?: string;
}

/** Which tokens to revoke: `ids`, or all of one `owner`. */
export class RevokeTokensDto {
  /** @example ["7Hq2LmP0aZx9"] */
  @IfPresent()
  @TextList({ minItems: 1, maxItems: 1000, maxLength: 12 })
  ids?: string[];

  /** @example alice */
  @IfPresent()
  @IsString()
  @Length(1, 255)
  owner?: string;

  /**
   * Whether to wait until every live node applies the revocation, for at most five seconds. The answer then lists the
   * nodes.
   * @example false
   */
  @IfPresent()
  @IsBoolean()
  wait?: boolean;
}

/** How many tokens a call revoked and, with `wait`, which nodes apply it (R78). */
export class RevokedTokensDto {
  /**
   * Tokens that were already revoked do not count.
   * @example 3
   */
  revoked!: number;

  /**
   * With `wait`: the nodes that have confirmed that they refuse these tokens. `GET /version` shows the name of a node.
   * @example ["gate-1-3f9a0c2b71"]
   */
  confirmedBy?: string[];

  /**
   * With `wait`: the live nodes that have not confirmed within five seconds. Each of them applies the revocation when
   * it reads the changes, or refuses every request when its rules are older than SCOPEGATE_MAX_STALENESS_MS.
   * @example []
   */
  missing?: string[];

  /**
   * With `wait`: milliseconds from the call to the last confirmation, or to the end of the wait.
   * @example 212
   */
  tookMs?: number;
}

/** How to revoke a token. */
export class RevokeTokenQuery {
  /**
   * Whether to wait until every live node applies the revocation, for at most five seconds. The answer is then 200 with
   * the nodes instead of 204.
   */
  @IsOptional()
  @QueryBoolean()
  @IsBoolean()
  wait?: boolean;
}

/** The query of the list of tokens. Times are ISO 8601 with an offset. */
export class TokenQuery extends PageQuery {
  /** The owner’s user name. */
  @IsOptional()
  @IsString()
  @Length(1, 255)
  owner?: string;

  /** Only tokens of this scope. */
  @IsOptional()
  @IsIn(SCOPES)
  scope?: Scope;

  /** Only tokens that are in this state now. */
  @IsOptional()
  @IsIn(TOKEN_STATUSES)
  status?: TokenStatus;

  /** A part of the description, the owner’s name or the id, without case. */
  @IsOptional()
  @IsString()
  @Length(1, 255)
  q?: string;

  /** Created at this time or later: ISO 8601 with an offset. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  createdFrom?: string;

  /** Created at this time or earlier. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  createdTo?: string;

  /** Last used at this time or later; tokens that were never used are left out. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  lastUsedFrom?: string;

  /** Last used at this time or earlier; tokens that were never used are left out. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  lastUsedTo?: string;

  /** Expiring at this time or later; tokens that never expire are left out. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  expiresFrom?: string;

  /** Expiring at this time or earlier; tokens that never expire are left out. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  expiresTo?: string;

  /** Only tokens that were never used, or only those that were. */
  @IsOptional()
  @QueryBoolean()
  @IsBoolean()
  neverUsed?: boolean;

  /** Only tokens that the current rules would not allow, or only those that they would. */
  @IsOptional()
  @QueryBoolean()
  @IsBoolean()
  exceedsPolicy?: boolean;

  /** `createdAt`, `expiresAt`, `lastUsedAt`, `description` or `owner`; a `-` before it reverses the order. */
  @IsOptional()
  @Matches(/^-?(createdAt|expiresAt|lastUsedAt|description|owner)$/, {
    message: 'sort must be createdAt, expiresAt, lastUsedAt, description or owner, with - before it for descending',
  })
  sort?: string;
}
