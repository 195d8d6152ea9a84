import { ApiProperty, OmitType, PartialType } from '@nestjs/swagger';
import { VALIDITIES } from '@scopegate/token';
import { Allow, IsBoolean, IsIn, IsInt, IsString, Max, MaxLength, Min } from 'class-validator';
import { WarningDto } from '../../common/swagger/warning.dto.js';
import { BoundedList } from '../../common/validation/bounded-list.decorator.js';
import { NestedObject } from '../../common/validation/nested-object.decorator.js';

/** The longest allow list; a longer one belongs into a firewall. */
export const MAX_ALLOW_LIST_ENTRIES = 20_000;

const MAX_TRUSTED_PROXIES = 1_000;

/** Each entry is checked by `checkSettings`. */
const ENTRY_SCHEMA = { type: 'string', maxLength: 128 };

/** How long tokens may live. */
export class TokenValidityDto {
  /**
   * The longest validity of a new token. What exists keeps its own.
   * @example P1Y
   */
  @IsIn(VALIDITIES, { message: `tokenValidity.maximum must be one of ${VALIDITIES.join(', ')}` })
  maximum!: 'P1M' | 'P2M' | 'P3M' | 'P4M' | 'P5M' | 'P6M' | 'P1Y' | 'P2Y' | 'never';

  /** Whether the maximum, counted from a token's creation, also ends tokens that were made before it was lowered. */
  @IsBoolean()
  applyAtUse!: boolean;
}

/** From where tokens may be used. */
export class IpRestrictionDto {
  /**
   * Addresses, CIDR blocks and first-last ranges, IPv4 and IPv6; empty allows every address.
   * @example ["203.0.113.0/24", "2001:db8::1", "192.0.2.5-192.0.2.9"]
   */
  @BoundedList({ maxItems: MAX_ALLOW_LIST_ENTRIES }, ENTRY_SCHEMA)
  allowList!: string[];

  /** Whether password requests are held to the list as well. */
  @IsBoolean()
  applyToPasswords!: boolean;
}

/** Whom to believe about the address of a client. */
export class ReverseProxyDto {
  /** Off: the address of the connection counts, and forwarding headers are ignored. */
  @IsBoolean()
  enabled!: boolean;

  /**
   * The addresses of your own proxies, written like the entries of the allow list.
   * @example ["10.0.0.2"]
   */
  @BoundedList({ maxItems: MAX_TRUSTED_PROXIES }, ENTRY_SCHEMA)
  trustedProxies!: string[];

  /**
   * The header that the proxies set; the name `Forwarded` is read by RFC 7239, every other one as a list of addresses.
   * @example X-Forwarded-For
   */
  @IsString()
  @MaxLength(128)
  header!: string;
}

/** What becomes of passwords at the applications. */
export class PasswordsDto {
  /** Off: a password on a REST path is refused, and the application behind the gateway never sees it. */
  @IsBoolean()
  enabled!: boolean;

  /** Refuses every ambiguous path, whoever asks; only while passwords are disabled. */
  @IsBoolean()
  preventPathTraversal!: boolean;
}

/** How many failures are answered before a 429. */
export class ThrottlingDto {
  /**
   * Failures of one address and user name within the window (five times as many of one address); 0 switches it off.
   * @example 20
   */
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  maxFailures!: number;

  /** @example 60 */
  @IsInt()
  @Min(1)
  @Max(86_400)
  windowSeconds!: number;
}

/** What the audit log records. Changes of settings, users and tokens are recorded always. */
export class AuditSettingsDto {
  @IsBoolean()
  successes!: boolean;

  @IsBoolean()
  failures!: boolean;

  @IsBoolean()
  denials!: boolean;

  /** Requests without a credential, or with a browser's cookie alone. */
  @IsBoolean()
  anonymous!: boolean;

  /**
   * On: where nothing can be recorded (the disk is full, or the journal is while the database is away), requests are
   * let through, and only their number is recorded, later. Off: they are a 503 `audit_unavailable`.
   */
  @IsBoolean()
  failOpen!: boolean;

  /**
   * Days until an event is deleted.
   * @example 365
   */
  @IsInt()
  @Min(1)
  @Max(36_500)
  retentionDays!: number;
}

/** What is tidied up. */
export class PurgeDto {
  /**
   * Days until an expired or revoked token disappears from the lists.
   * @example 30
   */
  @IsInt()
  @Min(0)
  @Max(36_500)
  expiredTokensAfterDays!: number;
}

/** The sections of the settings that are the same in the answer and in what replaces it. */
export class SettingsSectionsDto {
  @NestedObject(() => TokenValidityDto)
  tokenValidity!: TokenValidityDto;

  @NestedObject(() => IpRestrictionDto)
  ipRestriction!: IpRestrictionDto;

  @NestedObject(() => ReverseProxyDto)
  reverseProxy!: ReverseProxyDto;

  @NestedObject(() => PasswordsDto)
  passwords!: PasswordsDto;

  @NestedObject(() => ThrottlingDto)
  throttling!: ThrottlingDto;

  @NestedObject(() => PurgeDto)
  purge!: PurgeDto;
}

/** The settings, with what is odd about them. */
export class SettingsDto extends SettingsSectionsDto {
  audit!: AuditSettingsDto;
  warnings!: WarningDto[];
}

/** What the audit log records, as a whole. */
class ReplaceAuditSettingsDto extends OmitType(AuditSettingsDto, ['failOpen']) {
  /**
   * On: where nothing can be recorded, requests are let through, and only their number is recorded, later. Off: they are
   * a 503 `audit_unavailable`. It may be left out, and is off then.
   */
  @ApiProperty({ type: Boolean, required: false, default: false })
  @IsBoolean()
  failOpen = false;
}

/** The settings as a whole. */
export class ReplaceSettingsDto extends SettingsSectionsDto {
  @NestedObject(() => ReplaceAuditSettingsDto)
  audit!: ReplaceAuditSettingsDto;

  /** Ignored, so that what was read can be sent back. */
  @Allow()
  warnings?: WarningDto[];
}

class TokenValidityPatchDto extends PartialType(TokenValidityDto) {}
class IpRestrictionPatchDto extends PartialType(IpRestrictionDto) {}
class ReverseProxyPatchDto extends PartialType(ReverseProxyDto) {}
class PasswordsPatchDto extends PartialType(PasswordsDto) {}
class ThrottlingPatchDto extends PartialType(ThrottlingDto) {}
class AuditSettingsPatchDto extends PartialType(OmitType(AuditSettingsDto, ['failOpen'])) {
  /**
   * On: where nothing can be recorded, requests are let through, and only their number is recorded, later. Off: they are
   * a 503 `audit_unavailable`. Left out, it stays as it is.
   */
  failOpen?: boolean;
}
class PurgePatchDto extends PartialType(PurgeDto) {}

/** A merge patch: the members to change; lists are replaced as a whole. */
export class SettingsPatchDto {
  tokenValidity?: TokenValidityPatchDto;
  ipRestriction?: IpRestrictionPatchDto;
  reverseProxy?: ReverseProxyPatchDto;
  passwords?: PasswordsPatchDto;
  throttling?: ThrottlingPatchDto;
  audit?: AuditSettingsPatchDto;
  purge?: PurgePatchDto;
}

type Immutable<Value> = Value extends readonly (infer Item)[]
  ? readonly Item[]
  : Value extends object
    ? { readonly [Name in keyof Value]: Immutable<Value[Name]> }
    : Value;

/** The settings as they are stored. */
export type SettingsDocument = Immutable<Omit<SettingsDto, 'warnings'>>;

/** The settings of a fresh install. */
export const DEFAULT_SETTINGS: SettingsDocument = {
  tokenValidity: { maximum: 'never', applyAtUse: false },
  ipRestriction: { allowList: [], applyToPasswords: false },
  reverseProxy: { enabled: false, trustedProxies: [], header: 'X-Forwarded-For' },
  passwords: { enabled: true, preventPathTraversal: false },
  throttling: { maxFailures: 20, windowSeconds: 60 },
  audit: { successes: true, failures: true, denials: true, anonymous: false, failOpen: false, retentionDays: 365 },
  purge: { expiredTokensAfterDays: 30 },
};
