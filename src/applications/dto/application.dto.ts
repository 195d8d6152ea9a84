import { ApiProperty, OmitType, PartialType } from '@nestjs/swagger';
import { APPLICATION_KINDS, kindsWith, PRESETS, productOf, type ApplicationKind } from '@scopegate/product';
import { Allow, IsBoolean, IsIn, IsString, Length, Matches, MaxLength, ValidateIf } from 'class-validator';
import { WarningDto } from '../../common/swagger/warning.dto.js';
import { IfPresent } from '../../common/validation/if-present.decorator.js';
import { NestedObject } from '../../common/validation/nested-object.decorator.js';
import type { AskedExceptions } from '../read-only-exceptions.js';
import { ApplicationOptionsDto } from './application-options.dto.js';
import { IdentityDto } from './identity.dto.js';
import { MountDto } from './mount.dto.js';
import { ChosenDto } from './preset.dto.js';
import { ExceptionList, ReadOnlyExceptionDto } from './read-only-exception.dto.js';

// The texts that depend on the kind of application name the kinds that `libs/product` has.

const ANONYMOUS =
  'What happens to requests without a credential: forwarded, or refused with a challenge. Default: `allow` for ' +
  `${kindsWith(({ anonymous }) => anonymous === 'allow')}, whose own login answers, and \`deny\` for ` +
  `${kindsWith(({ anonymous }) => anonymous === 'deny')}.`;

const NATIVE_TOKENS = `Refuses the personal access tokens of the product itself: ${APPLICATION_KINDS.map(productOf)
  .flatMap(({ name, nativeTokens }) => (nativeTokens === null ? [] : [{ name, since: nativeTokens.since }]))
  .map(({ name, since }) => (since === null ? `${name} in every version` : `${name} from ${since}`))
  .join(', ')}.`;

const REMOTE_API =
  'Forwards passwords to the Remote API while passwords are disabled. Exists only for ' +
  `${kindsWith(({ paths }) => paths.remoteApi)}.`;

const ENCODED_SLASHES = 'The earlier name of `paths`: `reject` is `tomcat`, `allow` is `rfc3986`.';

const PRESET_NAMES = [...PRESETS.keys()];

/** A preset fills the member in. */
const UnlessPreset = (): PropertyDecorator =>
  ValidateIf(({ preset }: CreateApplicationDto, value: unknown) => preset === undefined || value !== undefined);

/** An application to protect. */
export class CreateApplicationDto extends PartialType(ApplicationOptionsDto, { skipNullProperties: false }) {
  /**
   * Fills in what you leave out: see `GET /presets`.
   * @example jira
   */
  @IfPresent()
  @IsIn(PRESET_NAMES, { message: `preset must be one of ${PRESET_NAMES.join(', ')}` })
  @ApiProperty({ required: false, enum: PRESET_NAMES })
  preset?: string;

  /**
   * Lower-case letters, digits and dashes. It cannot be changed later. With a preset, the default is its name.
   * @example jira
   */
  @ApiProperty({ required: false })
  @UnlessPreset()
  @IsString()
  @Matches(/^[a-z0-9][a-z0-9-]{0,63}$/, {
    message: 'key must be 1 to 64 lower-case letters, digits and dashes, and must not begin with a dash',
  })
  key!: string;

  /**
   * A name for people. Default: the key.
   * @example Jira
   */
  @IfPresent()
  @IsString()
  @Length(1, 255)
  @Matches(/^[^\x00-\x1f\x7f-\x9f]*$/, { message: 'name must not contain control characters' })
  @Matches(/\S/, { message: 'name must not be blank' })
  name?: string;

  /** Sets which paths are REST paths and which special rules apply. Required without a preset. */
  @UnlessPreset()
  @IsIn(APPLICATION_KINDS, { message: `kind must be one of ${APPLICATION_KINDS.join(', ')}` })
  @ApiProperty({ required: false, enum: APPLICATION_KINDS })
  kind!: ApplicationKind;

  /**
   * The version of the product, set by hand. Without it, or with null, the gateway asks the product for its version at
   * every save. A detected version that is sent back stays a detected one.
   * @example 9.12.0
   */
  @ApiProperty({ required: false, type: String, nullable: true })
  @ValidateIf((_application, value: unknown) => value !== undefined && value !== null)
  @IsString()
  @Matches(/^[0-9]{1,9}(\.[0-9]{1,9}){0,5}$/, {
    message: 'version must be numbers with dots between them, such as 9.12.0',
  })
  version?: string | null;

  /** Required without a preset. With one, the default is the key as `pathPrefix`. */
  @ApiProperty({ required: false, type: MountDto })
  @UnlessPreset()
  @NestedObject(() => MountDto)
  mount!: MountDto;

  /**
   * The address of the application.
   * @example http://127.0.0.1:8080/jira
   */
  @IsString()
  @MaxLength(2048)
  upstream!: string;

  @ApiProperty({ required: false, enum: ['allow', 'deny'], description: ANONYMOUS })
  @IfPresent()
  @IsIn(['allow', 'deny'], { message: 'anonymous must be allow or deny' })
  anonymous?: 'allow' | 'deny';

  /** Default: the header `X-Forwarded-User` with the user name. */
  @IfPresent()
  @NestedObject(() => IdentityDto)
  identity?: IdentityDto;

  /**
   * Calls that count as reads, for read-only tokens: a list of calls and of names of the kind's proposals, or `proposed`
   * for all proposals. Default: none.
   */
  @IfPresent()
  @ExceptionList()
  readOnlyExceptions?: AskedExceptions;

  @ApiProperty({ selfRequired: false, description: NATIVE_TOKENS })
  @IfPresent()
  @IsBoolean()
  nativeTokensDisabled?: boolean;

  @ApiProperty({ selfRequired: false, description: REMOTE_API })
  @IfPresent()
  @IsBoolean()
  remoteApiPasswords?: boolean;

  @ApiProperty({ required: false, enum: ['reject', 'allow'], deprecated: true, description: ENCODED_SLASHES })
  @IfPresent()
  @IsIn(['reject', 'allow'], { message: 'encodedSlashes must be reject or allow' })
  encodedSlashes?: 'reject' | 'allow';

  /** Ignored, so that you can send back what you have read. */
  @Allow()
  warnings?: WarningDto[];

  /** Ignored, like `warnings`. */
  @Allow()
  chosen?: ChosenDto;
}

/**
 * A merge patch with the members to change. `identity.headers` replaces all headers, and `identity.service` all
 * credentials. Send null to remove `mount.host` or `mount.pathPrefix`.
 */
export class PatchApplicationDto extends PartialType(
  OmitType(CreateApplicationDto, ['preset', 'key', 'warnings', 'chosen']),
) {}

/** A protected application. */
export class ApplicationDto extends ApplicationOptionsDto {
  /** @example jira */
  key!: string;

  /** @example Jira */
  name!: string;

  @ApiProperty({ enum: APPLICATION_KINDS })
  kind!: ApplicationKind;

  /**
   * The version set by hand, or the one that the product gave at the last save; null if unknown.
   * @example 9.12.0
   */
  @ApiProperty({ type: String, nullable: true })
  version!: string | null;

  mount!: MountDto;

  /** @example http://127.0.0.1:8080/jira */
  upstream!: string;

  @ApiProperty({ enum: ['allow', 'deny'] })
  anonymous!: 'allow' | 'deny';

  identity!: IdentityDto;

  readOnlyExceptions!: ReadOnlyExceptionDto[];

  /** Warnings about the application. They never prevent a save. */
  warnings!: WarningDto[];

  /** Only in the answer to a creation with `preset`: what it has chosen. */
  chosen?: ChosenDto;

  nativeTokensDisabled!: boolean;

  remoteApiPasswords!: boolean;

  @ApiProperty({ enum: ['reject', 'allow'], deprecated: true, description: ENCODED_SLASHES })
  encodedSlashes!: 'reject' | 'allow';
}

/** One page of applications. */
export class ApplicationPageDto {
  items!: ApplicationDto[];

  /** Send it as `cursor` to get the next page; null on the last page. */
  @ApiProperty({ type: String, nullable: true })
  nextCursor!: string | null;
}
