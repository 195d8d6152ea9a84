import { ApiProperty } from '@nestjs/swagger';
import { DIRECTORY_PRESETS, type DirectoryPreset } from '@scopegate/directory';
import { WarningDto } from '../../../common/swagger/warning.dto.js';

/** Which attributes of an entry are which members of a user. */
export class ShownAttributesDto {
  /** @example uid */
  username!: string;

  /** @example cn */
  displayName!: string;

  /** @example mail */
  email!: string;

  /** @example null */
  @ApiProperty({ type: String, nullable: true })
  disabled!: string | null;
}

/** What a synchronisation would do that has to be confirmed. */
export class PendingSyncDto {
  /** When it was held. */
  @ApiProperty({ format: 'date-time' })
  since!: string;

  /** Active users who would become inactive. */
  deactivations!: number;

  /** The active users of the directory. */
  activeUsers!: number;

  /** Groups that would lose all their members. */
  emptiedGroups!: number;

  /** The groups of the directory that have members. */
  groups!: number;
}

/** How the synchronisation is going. */
export class DirectoryStatusDto {
  /** The end of the last attempt; null before the first. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  lastSyncAt!: string | null;

  /** The state that tokens are judged by is of this time. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  lastSuccessAt!: string | null;

  /**
   * Active users of the directory.
   * @example 300
   */
  users!: number;

  /** @example 12 */
  groups!: number;

  /** The last attempt had no usable answer. The state before it goes on. */
  failing!: boolean;

  /** A synchronisation waits to be confirmed. */
  pending!: boolean;

  /** Why it is failing, and what to do. */
  @ApiProperty({ type: String, nullable: true })
  failure!: string | null;

  /** What waits to be confirmed. */
  @ApiProperty({ type: PendingSyncDto, nullable: true })
  waiting!: PendingSyncDto | null;
}

/** A directory of users and groups. The bind password is never shown. */
export class DirectoryDto {
  /** @example company */
  key!: string;

  @ApiProperty({ enum: ['ldap'] })
  kind!: 'ldap';

  /** @example Company directory */
  name!: string;

  /** @example ldaps://ldap.example.com */
  url!: string;

  startTls!: boolean;

  @ApiProperty({ type: String, nullable: true })
  ca!: string | null;

  /** @example cn=scopegate,ou=services,dc=example,dc=com */
  @ApiProperty({ type: String, nullable: true })
  bindDn!: string | null;

  /** Whether a bind password is stored. */
  hasBindPassword!: boolean;

  @ApiProperty({ enum: DIRECTORY_PRESETS })
  preset!: DirectoryPreset;

  /** @example ou=people,dc=example,dc=com */
  userBase!: string;

  /** @example (objectClass=inetOrgPerson) */
  userFilter!: string;

  attributes!: ShownAttributesDto;

  /** @example ou=groups,dc=example,dc=com */
  @ApiProperty({ type: String, nullable: true })
  groupBase!: string | null;

  /** @example (objectClass=groupOfNames) */
  groupFilter!: string;

  /** @example member */
  groupMember!: string;

  nestedGroups!: boolean;

  /** @example 15 */
  syncMinutes!: number;

  /** @example 20 */
  maxDeactivations!: number;

  enabled!: boolean;

  status!: DirectoryStatusDto;

  /**
   * What an administrator should look at: a synchronisation that fails or is held, users and groups that are not let
   * in, a connection without TLS.
   */
  warnings!: WarningDto[];
}

/** One page of the directories, ordered by key. */
export class DirectoryPageDto {
  items!: DirectoryDto[];

  /** Send it as `cursor` to get the next page; null on the last page. */
  nextCursor!: string | null;
}

/** A user that a test has found. */
export class SampleUserDto {
  /** @example anna */
  username!: string;

  /** @example Anna Example */
  @ApiProperty({ type: String, nullable: true })
  displayName!: string | null;

  /** @example anna@example.com */
  @ApiProperty({ type: String, nullable: true })
  email!: string | null;

  /** The directory says so. */
  disabled!: boolean;

  /**
   * Of the directory, nested ones included.
   * @example ["developers"]
   */
  groups!: string[];
}

/** How far a test came, and what it found. */
export class DirectoryTestDto {
  /** There is a connection to the directory. */
  connected!: boolean;

  /** It is secured by TLS. */
  tls!: boolean;

  /** The bind account was accepted, or none is needed. */
  bound!: boolean;

  /**
   * Users that the filter finds.
   * @example 300
   */
  users!: number;

  /** Up to five of them; the one that was asked for comes first. */
  sample!: SampleUserDto[];

  /**
   * Groups that the filter finds.
   * @example 12
   */
  groups!: number;

  /** Whether the user could log in; null if no login was tried. */
  @ApiProperty({ type: Boolean, nullable: true })
  loggedIn!: boolean | null;

  /** What is wrong, and what to do. Empty: nothing is. */
  advice!: string[];
}

/** What a synchronisation did, or would do if it is held. */
export class DirectorySyncDto {
  /** New users. */
  created!: number;

  /** Users whose members or groups changed, those who were deactivated not counted. */
  changed!: number;

  /** Users who became inactive: their entries are missing or disabled. */
  deactivated!: number;

  /** Groups that were created, or that lost their members because the directory has them no more. */
  groups!: number;

  /** Nothing was changed: confirm it with `POST …/sync/confirm`. */
  held!: boolean;
}
