import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsOptional, IsString, Length, Matches, MaxLength, ValidateIf } from 'class-validator';
import { TOKEN_STATUSES, VALIDITIES } from '@scopegate/token';
import { SCOPES } from '@scopegate/scope';
import { PageQuery } from '../../common/paging/page.js';
import { TextList } from '../../common/validation/bounded-list.decorator.js';

/** Keeps a value that is left out apart from null, which is refused. */
const given = (_object: object, value: unknown): boolean => value !== undefined;

/** Reads `true` and `false` of a query; anything else stays as it is and is refused. */
const queryBoolean = ({ value }: { value: unknown }): unknown =>
  value === 'true' ? true : value === 'false' ? false : value;

/** What a new token is to be like. */
export class CreateTokenDto {
  /**
   * What the token is for, 1 to 255 characters.
   * @example nightly report
   */
  @IsString()
  @Length(1, 255)
  @Matches(/^[^\x00-\x1f\x7f-\x9f]*$/, { message: 'description must not contain control characters' })
  @Matches(/\S/, { message: 'description must not be blank' })
  description!: string;

  /** It has to be chosen every time. */
  @IsIn(SCOPES, { message: `scope must be one of ${SCOPES.join(', ')}` })
  scope!: 'read-only' | 'read-write';

  /**
   * How long it is good, in calendar months or years; see `validities` of `GET /me`. Neither this nor `expiresAt`: the
   * maximum.
   * @example P1Y
   */
  @ValidateIf(given)
  @IsIn(VALIDITIES, { message: `validity must be one of ${VALIDITIES.join(', ')}` })
  validity?: 'P1M' | 'P2M' | 'P3M' | 'P4M' | 'P5M' | 'P6M' | 'P1Y' | 'P2Y' | 'never';

  /**
   * The instant it expires, in place of `validity`: ISO 8601 with an offset, in the future, within the maximum.
   * @example 2030-01-31T12:00:00.000Z
   */
  @ValidateIf(given)
  @IsString({ message: 'expiresAt must be an ISO 8601 date-time with an offset, as a text' })
  @MaxLength(64)
  expiresAt?: string;

  /**
   * Whose token it is to be; yourself, where it is left out. Others need the permission to create on behalf.
   * @example alice
   */
  @ValidateIf(given)
  @IsString()
  @Length(1, 255)
  owner?: string;

  /**
   * Addresses, CIDR blocks and ranges this one token is narrowed to. Empty or left out: not narrowed.
   * @example ["192.0.2.0/24"]
   */
  @ValidateIf(given)
  @TextList({ maxItems: 1000, maxLength: 128 })
  allowList?: string[];

  /**
   * Keys of the applications this one token is narrowed to. Left out: good for all. `scopegate` among them stands for
   * the management API, where the token works only with it.
   * @example ["jira"]
   */
  @ValidateIf(given)
  @TextList({ minItems: 1, maxItems: 100, maxLength: 64, isUnique: true })
  applications?: string[];
}

/** What can be changed of a token. */
export class DescribeTokenDto {
  /**
   * What the token is for, 1 to 255 characters. Left out: it stays as it is.
   * @example weekly report
   */
  @ValidateIf(given)
  @IsString()
  @Length(1, 255)
  @Matches(/^[^\x00-\x1f\x7f-\x9f]*$/, { message: 'description must not contain control characters' })
  @Matches(/\S/, { message: 'description must not be blank' })
  description?: string;
}

/** How a token is to be rotated. */
export class RotateTokenDto {
  /**
   * How long the old token lives on at most: an ISO 8601 duration of days, hours, minutes and seconds, up to 30 days.
   * Left out: it ends at once.
   * @example PT24H
   */
  @ValidateIf(given)
  @IsString()
  @MaxLength(32)
  overlap?: string;
}

/** Which tokens to revoke: `ids`, or all of one `owner`. */
export class RevokeTokensDto {
  /** @example ["7Hq2LmP0aZx9"] */
  @ValidateIf(given)
  @TextList({ minItems: 1, maxItems: 1000, maxLength: 12 })
  ids?: string[];

  /** @example alice */
  @ValidateIf(given)
  @IsString()
  @Length(1, 255)
  owner?: string;

  /**
   * Whether to wait until every live node acts on it, five seconds at the most. The answer then names the nodes.
   * @example false
   */
  @ValidateIf(given)
  @IsBoolean()
  wait?: boolean;
}

/** How a token is to be revoked. */
export class RevokeTokenQuery {
  /**
   * Whether to wait until every live node acts on it, five seconds at the most: the answer is then a 200 that names the
   * nodes, in place of a 204.
   */
  @IsOptional()
  @Transform(queryBoolean)
  @IsBoolean()
  wait?: boolean;
}

/** Which tokens a list shows. Instants are ISO 8601 with an offset. */
export class TokenQuery extends PageQuery {
  /** The owner’s user name. */
  @IsOptional()
  @IsString()
  @Length(1, 255)
  owner?: string;

  /** Only tokens of this scope. */
  @IsOptional()
  @IsIn(SCOPES)
  scope?: 'read-only' | 'read-write';

  /** Only tokens that are in this state now. */
  @IsOptional()
  @IsIn(TOKEN_STATUSES)
  status?: 'active' | 'expired' | 'revoked' | 'suspended';

  /** Part of the description, the owner’s name or the id, without case. */
  @IsOptional()
  @IsString()
  @Length(1, 255)
  q?: string;

  /** Created at this instant or later: ISO 8601 with an offset. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  createdFrom?: string;

  /** Created at this instant or earlier. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  createdTo?: string;

  /** Last used at this instant or later; tokens that were never used are left out. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  lastUsedFrom?: string;

  /** Last used at this instant or earlier; tokens that were never used are left out. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  lastUsedTo?: string;

  /** Expiring at this instant or later; tokens that never expire are left out. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  expiresFrom?: string;

  /** Expiring at this instant or earlier; tokens that never expire are left out. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  expiresTo?: string;

  /** Only tokens that were never used, or only those that were. */
  @IsOptional()
  @Transform(queryBoolean)
  @IsBoolean()
  neverUsed?: boolean;

  /** Only tokens that could not be made under today’s rules, or only those that could. */
  @IsOptional()
  @Transform(queryBoolean)
  @IsBoolean()
  exceedsPolicy?: boolean;

  /** `createdAt`, `expiresAt`, `lastUsedAt`, `description` or `owner`; a `-` before it turns the order round. */
  @IsOptional()
  @Matches(/^-?(createdAt|expiresAt|lastUsedAt|description|owner)$/, {
    message: 'sort must be createdAt, expiresAt, lastUsedAt, description or owner, with - before it for descending',
  })
  sort?: string;
}
