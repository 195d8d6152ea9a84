import { ApiProperty, OmitType } from '@nestjs/swagger';
import { APPLICATION_KINDS, type ApplicationKind } from '@scopegate/product';
import { IDENTITY_MODES, type IdentityMode } from '../application-identity.js';
import { PathPatternDto } from './application-options.dto.js';
import { MountDto } from './mount.dto.js';
import { ReadOnlyExceptionDto } from './read-only-exception.dto.js';

/** A call that only reads, although it is a POST. */
export class ProposalDto extends ReadOnlyExceptionDto {
  /**
   * Its name in `readOnlyExceptions`. Several calls may have one name.
   * @example search
   */
  name!: string;
}

/** An identity without a secret. */
export class PresetIdentityDto {
  @ApiProperty({ enum: IDENTITY_MODES })
  mode!: IdentityMode;

  /** Mode `credential`: whether each user stores a credential. */
  perUser?: boolean;

  /** Mode `headers`: names and templates. */
  @ApiProperty({ selfRequired: false, type: 'object', additionalProperties: { type: 'string' } })
  headers?: Record<string, string>;
}

/** What the gateway has learned about a product. */
export class PresetDto {
  /** @example jira */
  preset!: string;

  @ApiProperty({ enum: APPLICATION_KINDS })
  kind!: ApplicationKind;

  /** @example Jira Data Center and Server */
  title!: string;

  /** What the administrator and the users have to do. */
  description!: string;

  /** How the application gets the owner of a token, unless you send another `identity`. */
  identity!: PresetIdentityDto;

  /** POST calls that only read. They count after you switch them on by `readOnlyExceptions`. */
  proposals!: ProposalDto[];

  /** Files and exports beside REST. They accept a token after you switch them on by `tokenPaths`. */
  tokenPaths!: PathPatternDto[];

  /** What shows or makes a credential of the product itself: always refused to tokens. */
  blockedPaths!: PathPatternDto[];

  /**
   * The call that returns the current user; null if the product has none.
   * @example /rest/api/2/myself
   */
  @ApiProperty({ type: String, nullable: true })
  whoAmI!: string | null;

  /**
   * The call that answers without a credential.
   * @example /status
   */
  health!: string;

  /** Headers with which a service account acts for the user: for `identity.headers`. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  serviceHeaders!: Record<string, string>;
}

/** All presets. */
export class PresetListDto {
  items!: PresetDto[];
}

/** What a preset has chosen for a new application. Members that the client has sent are missing. */
export class ChosenDto extends OmitType(PresetDto, ['title', 'identity']) {
  /** @example jira */
  key?: string;

  name?: string;

  mount?: MountDto;

  identity?: PresetIdentityDto;
}
