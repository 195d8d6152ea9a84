import { ApiProperty, OmitType, PartialType } from '@nestjs/swagger';
import { VALIDITIES } from '@scopegate/token';
import { Allow, IsBoolean, IsIn, IsInt, IsString, Max, MaxLength, Min } from 'class-validator';
import { WarningDto } from '../../common/swagger/warning.dto.js';
import { BoundedList } from '../../common/validation/bounded-list.decorator.js';
import { NestedObject } from '../../common/validation/nested-object.decorator.js';

/** The longest allow list. A longer one belongs in a firewall. */
export const MAX_ALLOW_LIST_ENTRIES = 20_000;

const MAX_TRUSTED_PROXIES = 1_000;

/** Each entry is checked by `checkSettings`. */
const ENTRY_SCHEMA = { type: 'string', maxLength: 128 };

/** How long tokens may live. */
export class TokenValidityDto {
  /**
   * The longest validity of a new token. Existing tokens keep theirs.
   * @example P1Y
   */
  @IsIn(VALIDITIES, { message: `tokenValidity.maximum must be one of ${VALIDITIES.join(', ')}` })
  maximum!: 'P1M' | 'P2M' | 'P3M' | 'P4M' | 'P5M' | 'P6M' | 'P1Y' | 'P2Y' | 'never';

  /** Whether the maximum also applies to existing tokens, counted from their creation. */
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

  /** Whether the list also applies to requests with a password. */
  @IsBoolean()
  applyToPasswords!: boolean;
}

/** Which proxies are trusted to give the client address. */
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
   * The header that the proxies set. `Forwarded` is read as in RFC 7239, every other header as a list of addresses.
   * @example X-Forwarded-For
   */
  @IsString()
  @MaxLength(128)
  header!: string;
}

/** Whether applications accept passwords. */
export class PasswordsDto {
  /** Off: a password on a REST path is refused and never forwarded. */
  @IsBoolean()
  enabled!: boolean;

  /** Refuses every ambiguous path, for all clients. Available only while passwords are disabled. */
  @IsBoolean()
  preventPathTraversal!: boolean;
}

/** How many failures are allowed before a 429. */
export class ThrottlingDto {
  /**
   * Failures for one address and user name within the window, and five times as many for one address. 0 switches
   * throttling off.
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

/** What the audit log records. Changes to settings, users and tokens are always recorded. */
export class AuditSettingsDto {
  @IsBoolean()
  successes!: boolean;

  @IsBoolean()
  failures!: boolean;

  @IsBoolean()
  denials!: boolean;

  /** Requests without a credential, or with only a browser's cookie. */
  @IsBoolean()
  anonymous!: boolean;

  /**
   * On: if events cannot be recorded (the disk is full, or the journal is full while the database cannot be reached),
   * requests are forwarded, and only their number is recorded later. Off: they get 503 `audit_unavailable`.
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

/** What the purge removes. */
export class PurgeDto {
  /**
   * Days until an expired or revoked token is removed.
   * @example 30
   */
  @IsInt()
  @Min(0)
  @Max(36_500)
  expiredTokensAfterDays!: number;
}

/** The most thresholds of reminders. */
export const MAX_REMINDERS = 10;

/** Days. */
const MAX_REMINDER_DAYS = 365;

/** Reminders before a token ends. */
export class RemindersDto {
  /**
   * How many days before the end of a token its owner and creator are told: up to ten different whole numbers from 1 to
   * 365. Empty: never. A number counts only for tokens that were made before that day.
   * @example [30, 7, 1]
   */
  @BoundedList(
    { maxItems: MAX_REMINDERS, isUnique: true, item: reminderProblem },
    { type: 'integer', minimum: 1, maximum: MAX_REMINDER_DAYS },
  )
  days!: number[];

  /**
   * Whether they also get a mail, and another one after the first use of a token from a new address. Needs
   * `SCOPEGATE_SMTP_URL`. The audit log and its streams have these events in any case.
   */
  @IsBoolean()
  mail!: boolean;
}

function reminderProblem(days: unknown): string | null {
  const isValid = Number.isInteger(days) && Number(days) >= 1 && Number(days) <= MAX_REMINDER_DAYS;
  return isValid ? null : `must be a whole number of days from 1 to ${MAX_REMINDER_DAYS}`;
}

const DEFAULT_REMINDERS = { days: [30, 7, 1], mail: true };

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

/** The settings, with warnings. */
export class SettingsDto extends SettingsSectionsDto {
  audit!: AuditSettingsDto;
  reminders!: RemindersDto;
  warnings!: WarningDto[];
}

/** All settings of the audit log. */
class ReplaceAuditSettingsDto extends OmitType(AuditSettingsDto, ['failOpen']) {
  /**
   * On: if events cannot be recorded, requests are forwarded, and only their number is recorded later. Off: they get
   * 503 `audit_unavailable`. Default: off.
   */
  @ApiProperty({ type: Boolean, required: false, default: false })
  @IsBoolean()
  failOpen = false;
}

/** All settings. */
export class ReplaceSettingsDto extends SettingsSectionsDto {
  @NestedObject(() => ReplaceAuditSettingsDto)
  audit!: ReplaceAuditSettingsDto;

  /** Default: 30, 7 and 1 days before the end, with mails, so that documents of older versions still fit. */
  @ApiProperty({ type: RemindersDto, required: false, default: DEFAULT_REMINDERS })
  @NestedObject(() => RemindersDto)
  reminders: RemindersDto = Object.assign(new RemindersDto(), structuredClone(DEFAULT_REMINDERS));

  /** Ignored, so that you can send back what you have read. */
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
   * On: if events cannot be recorded, requests are forwarded, and only their number is recorded later. Off: they get
   * 503 `audit_unavailable`. If left out, it stays unchanged.
   */
  failOpen?: boolean;
}
class PurgePatchDto extends PartialType(PurgeDto) {}
class RemindersPatchDto extends PartialType(RemindersDto) {}

/** A merge patch with the members to change. Lists are replaced as a whole. */
export class SettingsPatchDto {
  tokenValidity?: TokenValidityPatchDto;
  ipRestriction?: IpRestrictionPatchDto;
  reverseProxy?: ReverseProxyPatchDto;
  passwords?: PasswordsPatchDto;
  throttling?: ThrottlingPatchDto;
  audit?: AuditSettingsPatchDto;
  purge?: PurgePatchDto;
  reminders?: RemindersPatchDto;
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
  reminders: DEFAULT_REMINDERS,
};
