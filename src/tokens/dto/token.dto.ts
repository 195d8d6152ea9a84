import { IsIn, IsString, Length, Matches, MaxLength } from 'class-validator';
import { SCOPES, type Scope } from '@scopegate/scope';
import { VALIDITIES, type TokenStatus, type Validity } from '@scopegate/token';
import { TextList } from '../../common/validation/bounded-list.decorator.js';
import { IfPresent } from '../../common/validation/if-present.decorator.js';

/** A token. Its secret is shown only once, when it is created. */
export class TokenDto {
  /**
   * 12 characters. It is the public part of the secret.
   * @example 7Hq2LmP0aZx9
   */
  id!: string;

  /**
   * The beginning of the secret, so that its owner recognises it.
   * @example sg_7Hq2LmP0aZx9_…
   */
  hint!: string;

  /**
   * The user whose rights the token has.
   * @example alice
   */
  owner!: string;

  /**
   * The user who created it.
   * @example alice
   */
  createdBy!: string;

  /** @example nightly report */
  description!: string;

  scope!: Scope;

  /** `suspended`: the token is valid, but its owner may not use tokens at the moment. */
  status!: TokenStatus;

  /**
   * ISO 8601, UTC.
   * @example 2026-11-23T09:30:00.000Z
   */
  createdAt!: string;

  /**
   * ISO 8601, UTC. From this time on, the token is refused. Null: it never expires.
   * @example 2027-11-23T09:30:00.000Z
   */
  expiresAt!: string | null;

  /** @example null */
  revokedAt!: string | null;

  /** @example null */
  revokedBy!: string | null;

  /**
   * At most a few seconds late.
   * @example 2026-11-24T02:00:01.250Z
   */
  lastUsedAt!: string | null;

  /** @example 192.0.2.7 */
  lastUsedIp!: string | null;

  /**
   * At most a few seconds late.
   * @example 42
   */
  useCount!: number;

  /** The addresses that this token is limited to, in addition to the allow list of the settings; null: no limit. */
  allowList!: string[] | null;

  /** The applications that this token is limited to; null: no limit. */
  applications!: string[] | null;

  /**
   * Whether the current settings and permissions would not allow to create this token. It still works.
   * @example false
   */
  exceedsPolicy!: boolean;

  /**
   * The token that replaced this one, after a rotation.
   * @example null
   */
  successorId!: string | null;
}

/** A new token with its secret. */
export class CreatedTokenDto extends TokenDto {
  /**
   * The token itself, for scripts: the password of HTTP Basic, or a Bearer token. It is shown only once.
   * @example sg_7Hq2LmP0aZx9_…
   */
  secret!: string;
}

/** The properties of a new token. */
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

  /** Required: there is no default. */
  @IsIn(SCOPES, { message: `scope must be one of ${SCOPES.join(', ')}` })
  scope!: Scope;

  /**
   * How long it is valid, in calendar months or years; see `validities` of `GET /me`. Default, without `expiresAt`: the
   * maximum.
   * @example P1Y
   */
  @IfPresent()
  @IsIn(VALIDITIES, { message: `validity must be one of ${VALIDITIES.join(', ')}` })
  validity?: Validity;

  /**
   * The time of expiry, instead of `validity`: ISO 8601 with an offset, in the future and within the maximum.
   * @example 2030-01-31T12:00:00.000Z
   */
  @IfPresent()
  @IsString({ message: 'expiresAt must be an ISO 8601 date-time with an offset, as a text' })
  @MaxLength(64)
  expiresAt?: string;

  /**
   * The owner of the token. Default: yourself. For another user, you need the permission to create on behalf.
   * @example alice
   */
  @IfPresent()
  @IsString()
  @Length(1, 255)
  owner?: string;

  /**
   * Addresses, CIDR blocks and ranges that this token is limited to. Empty or left out: no limit.
   * @example ["192.0.2.0/24"]
   */
  @IfPresent()
  @TextList({ maxItems: 1000, maxLength: 128 })
  allowList?: string[];

  /**
   * Keys of the applications that this token is limited to. Default: no limit. `scopegate` stands for the management
   * API; a limited token works there only if `scopegate` is included.
   * @example ["jira"]
   */
  @IfPresent()
  @TextList({ minItems: 1, maxItems: 100, maxLength: 64, isUnique: true })
  applications?: string[];
}

/** The properties of a token that can change. */
export class DescribeTokenDto {
  /**
   * What the token is for, 1 to 255 characters. If left out, it stays unchanged.
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

  /** Send it as `cursor` to get the next page; null on the last page. */
  nextCursor!: string | null;
}
