import { ApiProperty, PartialType } from '@nestjs/swagger';
import { attributeProblem, DIRECTORY_PRESETS, dnKey, filterProblem, type DirectoryPreset } from '@scopegate/directory';
import { IsBoolean, IsIn, IsInt, IsString, Matches, Max, MaxLength, Min, ValidateIf } from 'class-validator';
import { FitsRule } from '../../../common/validation/fits-rule.decorator.js';
import { IfPresent } from '../../../common/validation/if-present.decorator.js';
import { NestedObject } from '../../../common/validation/nested-object.decorator.js';
import { nameProblem } from '../../name.rules.js';
import { directoryUrlProblem, MAX_DEACTIVATIONS, SYNC_MINUTES } from '../directory.rules.js';

/** One certificate has about 2,000 characters. */
const MAX_CA_LENGTH = 65_536;

const IfGiven = (): PropertyDecorator =>
  ValidateIf((_document, value: unknown) => value !== undefined && value !== null);

function dnProblem(text: string): string | null {
  return text !== '' && dnKey(text) !== null
    ? null
    : 'must be a distinguished name, such as ou=people,dc=example,dc=com';
}

/** A bind of Active Directory takes `name@domain`, too. */
function bindNameProblem(text: string): string | null {
  const isName = text.length <= 255 && /^[^\s\0\\/@,=]+@[^\s\0\\/@,=]+$/.test(text);
  return isName || dnProblem(text) === null ? null : 'must be a distinguished name, or name@domain';
}

/** Users and groups that are in no directory are `local`. */
function keyProblem(key: string): string | null {
  return key === 'local' ? 'must not be "local"' : null;
}

/** Which attributes of an entry are which members of a user. What is left out comes from the preset. */
export class DirectoryAttributesDto {
  /** @example uid */
  @IfPresent()
  @FitsRule(attributeProblem)
  username?: string;

  /** @example cn */
  @IfPresent()
  @FitsRule(attributeProblem)
  displayName?: string;

  /** @example mail */
  @IfPresent()
  @FitsRule(attributeProblem)
  email?: string;

  /**
   * Says that a user is disabled: `userAccountControl` by its bit, `pwdAccountLockedTime` by being there, any other
   * attribute unless it is missing, empty, `false`, `no`, `off`, `0`, `active` or `enabled`. Null: no attribute does.
   * @example userAccountControl
   */
  @ApiProperty({ required: false, type: String, nullable: true })
  @IfGiven()
  @FitsRule(attributeProblem)
  disabled?: string | null;
}

/** A directory of users and groups. What is left out comes from the preset. */
export class CreateDirectoryDto {
  /**
   * 1 to 48 lower-case letters, digits and dashes, and not `local`. It cannot be changed later.
   * @example company
   */
  @Matches(/^[a-z0-9][a-z0-9-]{0,47}$/, {
    message: 'key must be 1 to 48 lower-case letters, digits and dashes, and must not begin with a dash',
  })
  @FitsRule(keyProblem)
  key!: string;

  @IfPresent()
  @IsIn(['ldap'], { message: 'kind must be ldap' })
  @ApiProperty({ required: false, enum: ['ldap'], default: 'ldap' })
  kind?: 'ldap';

  /**
   * A name for people. Default: the key.
   * @example Company directory
   */
  @IfPresent()
  @FitsRule(nameProblem)
  name?: string;

  /**
   * `ldap://` or `ldaps://` with host and port (389 and 636 by default), and nothing else.
   * @example ldaps://ldap.example.com
   */
  @IsString()
  @MaxLength(300)
  @FitsRule(directoryUrlProblem)
  url!: string;

  /** Begins TLS on an `ldap://` connection before anything is sent. Default: false. */
  @IfPresent()
  @IsBoolean()
  startTls?: boolean;

  /** Authorities that are trusted in place of the usual ones: certificates in PEM. */
  @ApiProperty({ required: false, type: String, nullable: true })
  @IfGiven()
  @IsString()
  @MaxLength(MAX_CA_LENGTH)
  ca?: string | null;

  /**
   * The account that reads users and groups. Null: they are read without one.
   * @example cn=scopegate,ou=services,dc=example,dc=com
   */
  @ApiProperty({ required: false, type: String, nullable: true })
  @IfGiven()
  @FitsRule(bindNameProblem)
  bindDn?: string | null;

  /** Stored encrypted and never shown. Send it again when `url` or `startTls` changes. */
  @ApiProperty({ required: false, type: String, nullable: true, writeOnly: true })
  @IfGiven()
  @IsString()
  @MaxLength(255)
  bindPassword?: string | null;

  @IfPresent()
  @IsIn(DIRECTORY_PRESETS, { message: `preset must be one of ${DIRECTORY_PRESETS.join(', ')}` })
  @ApiProperty({ required: false, enum: DIRECTORY_PRESETS, default: 'openldap' })
  preset?: DirectoryPreset;

  /**
   * Users are this entry or below it.
   * @example ou=people,dc=example,dc=com
   */
  @FitsRule(dnProblem)
  userBase!: string;

  /** @example (objectClass=inetOrgPerson) */
  @IfPresent()
  @FitsRule(filterProblem)
  userFilter?: string;

  @IfPresent()
  @NestedObject(() => DirectoryAttributesDto)
  attributes?: DirectoryAttributesDto;

  /**
   * Groups are this entry or below it. Null: no groups are read.
   * @example ou=groups,dc=example,dc=com
   */
  @ApiProperty({ required: false, type: String, nullable: true })
  @IfGiven()
  @FitsRule(dnProblem)
  groupBase?: string | null;

  /** @example (objectClass=groupOfNames) */
  @IfPresent()
  @FitsRule(filterProblem)
  groupFilter?: string;

  /**
   * The attribute of a group that names its members. `memberUid` holds user names, any other one distinguished names.
   * @example member
   */
  @IfPresent()
  @FitsRule(attributeProblem)
  groupMember?: string;

  /** Members of a group in a group are members of the outer one. Default: true. */
  @IfPresent()
  @IsBoolean()
  nestedGroups?: boolean;

  /** Minutes from one synchronisation to the next. */
  @IfPresent()
  @IsInt()
  @Min(SYNC_MINUTES.least)
  @Max(SYNC_MINUTES.most)
  @ApiProperty({
    required: false,
    type: 'integer',
    default: SYNC_MINUTES.usual,
    minimum: SYNC_MINUTES.least,
    maximum: SYNC_MINUTES.most,
  })
  syncMinutes?: number;

  /** Per cent of the active users. A synchronisation that would deactivate more has to be confirmed. */
  @IfPresent()
  @IsInt()
  @Min(0)
  @Max(100)
  @ApiProperty({ required: false, type: 'integer', default: MAX_DEACTIVATIONS, minimum: 0, maximum: 100 })
  maxDeactivations?: number;

  /** False: it is not synchronised, and its users cannot log in with their passwords. Default: true. */
  @IfPresent()
  @IsBoolean()
  enabled?: boolean;
}

/** A merge patch with the members to change; `key` cannot change. */
export class PatchDirectoryDto extends PartialType(CreateDirectoryDto, { skipNullProperties: false }) {}

/** A login to try. */
export class TryLoginDto {
  /**
   * A user to look for.
   * @example anna
   */
  @IfPresent()
  @IsString()
  @MaxLength(255)
  username?: string;

  /** Tried by a bind, and not stored. */
  @IfPresent()
  @IsString()
  @MaxLength(255)
  @ApiProperty({ required: false, writeOnly: true })
  password?: string;
}

/** A directory that is not saved, and a login to try. */
export class TestDirectoryDto extends CreateDirectoryDto {
  /** Default: `test`. */
  @ApiProperty({ required: false })
  override key: string = 'test';

  /**
   * A user to look for.
   * @example anna
   */
  @IfPresent()
  @IsString()
  @MaxLength(255)
  username?: string;

  /** Tried by a bind, and not stored. */
  @IfPresent()
  @IsString()
  @MaxLength(255)
  @ApiProperty({ required: false, writeOnly: true })
  password?: string;
}
