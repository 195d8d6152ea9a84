import { IsIn, IsString, Length, Matches, MaxLength } from 'class-validator';
import { SCOPES, type Scope } from '@scopegate/scope';
import { VALIDITIES, type TokenStatus, type Validity } from '@scopegate/token';
import { TextList } from '../../common/validation/bounded-list.decorator.js';
import { IfPresent } from '../../common/validation/if-present.decorator.js';

/** A token. Its secret is shown once, when it is made, and never again. */
export class TokenDto {
  /**
   * 12 characters; part of the secret, and public.
   * @example 7Hq2LmP0aZx9
   */
  id!: string;

  /**
   * How its owner can tell it from others.
   * @example sg_7Hq2LmP0aZx9_…
   */
  hint!: string;

  /**
   * Whose rights the token carries.
   * @example alice
   */
  owner!: string;

  /**
   * Who made it.
   * @example alice
   */
  createdBy!: string;

  /** @example nightly report */
  description!: string;

  scope!: Scope;

  /** `suspended`: nothing is wrong with the token, but its owner may not use tokens at present. */
  status!: TokenStatus;

  /**
   * ISO 8601, UTC.
   * @example 2026-11-23T09:30:00.000Z
   */
  createdAt!: string;

  /**
   * ISO 8601, UTC; from this instant on the token is refused. Null: it never expires.
   * @example 2027-11-23T09:30:00.000Z
   */
  expiresAt!: string | null;

  /** @example null */
  revokedAt!: string | null;

  /** @example null */
  revokedBy!: string | null;

  /**
   * A few seconds late at most.
   * @example 2026-11-24T02:00:01.250Z
   */
  lastUsedAt!: string | null;

  /** @example 192.0.2.7 */
  lastUsedIp!: string | null;

  /**
   * A few seconds late at most.
   * @example 42
   */
  useCount!: number;

  /** The addresses this one token is narrowed to, besides the allow list of the settings; null: not narrowed. */
  allowList!: string[] | null;

  /** The applications this one token is narrowed to; null: good for all. */
  applications!: string[] | null;

  /**
   * Whether the token could not be made like this under today's settings and permissions. It stays good.
   * @example false
   */
  exceedsPolicy!: boolean;

  /**
   * The token that replaced this one, after a rotation.
   * @example null
   */
  successorId!: string | null;
}

/** A token that has just been made, with its secret. */
export class CreatedTokenDto extends TokenDto {
  /**
   * The token itself, for the script: the password of HTTP Basic, or a Bearer token. Shown this once.
   * @example sg_7Hq2LmP0aZx9_…
   */
  secret!: string;
}

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
  scope!: Scope;

  /**
   * How long it is good, in calendar months or years; see `validities` of `GET /me`. Neither this nor `expiresAt`: the
   * maximum.
   * @example P1Y
   */
  @IfPresent()
  @IsIn(VALIDITIES, { message: `validity must be one of ${VALIDITIES.join(', ')}` })
  validity?: Validity;

  /**
   * The instant it expires, in place of `validity`: ISO 8601 with an offset, in the future, within the maximum.
   * @example 2030-01-31T12:00:00.000Z
   */
  @IfPresent()
  @IsString({ message: 'expiresAt must be an ISO 8601 date-time with an offset, as a text' })
  @MaxLength(64)
  expiresAt?: string;

  /**
   * Whose token it is to be; yourself, where it is left out. Others need the permission to create on behalf.
   * @example alice
   */
  @IfPresent()
  @IsString()
  @Length(1, 255)
  owner?: string;

  /**
   * Addresses, CIDR blocks and ranges this one token is narrowed to. Empty or left out: not narrowed.
   * @example ["192.0.2.0/24"]
   */
  @IfPresent()
  @TextList({ maxItems: 1000, maxLength: 128 })
  allowList?: string[];

  /**
   * Keys of the applications this one token is narrowed to. Left out: good for all. `scopegate` among them stands for
   * the management API, where the token works only with it.
   * @example ["jira"]
   */
  @IfPresent()
  @TextList({ minItems: 1, maxItems: 100, maxLength: 64, isUnique: true })
  applications?: string[];
}

/** What can be changed of a token. */
export class DescribeTokenDto {
  /**
   * What the token is for, 1 to 255 characters. Left out: it stays as it is.
   * @example weekly report
   */
  @IfPresent()
  @IsString()
  @Length(1, 255)
  @Matches(/^[^\x00-\x1f\x7f-\x9f]*$/, { message: 'description must not contain control characters' })
  @Matches(/\S/, { message: 'description must not be blank' })
  description?: string;
}

/** One page of tokens. */
export class TokenPageDto {
  items!: TokenDto[];

  /** Send it as `cursor` for the next page; null on the last one. */
  nextCursor!: string | null;
}
