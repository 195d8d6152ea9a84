import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsOptional, IsString, MaxLength, ValidateIf } from 'class-validator';
import { PageQuery } from '../../common/paging/page.js';
import { TextList } from '../../common/validation/bounded-list.decorator.js';
import { FitsRule } from '../../common/validation/fits-rule.decorator.js';
import { IfPresent } from '../../common/validation/if-present.decorator.js';
import { QueryBoolean } from '../../common/validation/query-boolean.decorator.js';
import { emailProblem, nameProblem, userNameProblem } from '../name.rules.js';
import { passwordProblem } from '../password.rule.js';

/** More groups than any user is in. */
const MAX_GROUPS = 1000;

/** The query of the list of users. */
export class UserListQuery extends PageQuery {
  /** A part of the user name, display name or email address, without case. */
  @IsOptional()
  @IsString()
  @MaxLength(255)
  q?: string;

  /** Only active users, or only inactive ones. */
  @IsOptional()
  @QueryBoolean()
  @IsBoolean()
  active?: boolean;

  /** Only members of this group. */
  @IsOptional()
  @IsString()
  @MaxLength(255)
  group?: string;
}

/** A new user. */
export class CreateUserDto {
  /**
   * 1 to 255 characters without a colon, not beginning with `sg_` or `sgs_`. It is compared without case.
   * @example anna
   */
  @FitsRule(userNameProblem)
  username!: string;

  /**
   * Default: the user name.
   * @example Anna Example
   */
  @IfPresent()
  @FitsRule(nameProblem)
  displayName?: string;

  /** @example anna@example.com */
  @IsOptional()
  @ApiProperty({ required: false, format: 'email' })
  @FitsRule(emailProblem)
  email?: string | null;

  /**
   * At least 12 characters and at most 72 bytes. Without a password, the user can use tokens but not log in.
   * @example correct horse battery
   */
  @IsOptional()
  @FitsRule(passwordProblem)
  password?: string | null;

  /** Default: true. */
  @IfPresent()
  @IsBoolean()
  active?: boolean;

  /**
   * Existing groups.
   * @example ["developers"]
   */
  @IfPresent()
  @TextList({ maxItems: MAX_GROUPS, maxLength: 255, isUnique: true })
  groups?: string[];
}

/** A user after a merge patch. */
export class ChangedUserDto {
  @IsString()
  @MaxLength(255)
  username!: string;

  @FitsRule(nameProblem)
  displayName!: string;

  @ValidateIf((_document, value: unknown) => value !== null)
  @FitsRule(emailProblem)
  email!: string | null;

  @IsOptional()
  @FitsRule(passwordProblem)
  password?: string | null;

  @IsBoolean()
  active!: boolean;

  @TextList({ maxItems: MAX_GROUPS, maxLength: 255, isUnique: true })
  groups!: string[];

  @IsString()
  @MaxLength(48)
  directory!: string;
}

/** A merge patch with the members to change. */
export class UpdateUserDto {
  /** @example Anna Example */
  displayName?: string;

  /** @example anna@example.com */
  email?: string | null;

  /** A new password, or null to disable the password login. */
  password?: string | null;

  /** @example true */
  active?: boolean;

  /**
   * All groups of the user.
   * @example ["developers"]
   */
  groups?: string[];
}

/** The new name of a user. */
export class RenameUserDto {
  /**
   * As for a new user.
   * @example anna.example
   */
  @FitsRule(userNameProblem)
  username!: string;
}

/** The current password and the new one. */
export class ChangePasswordDto {
  /** @example correct horse battery */
  @IsString()
  @MaxLength(255)
  current!: string;

  /**
   * At least 12 characters and at most 72 bytes.
   * @example staple correct horse
   */
  @FitsRule(passwordProblem)
  new!: string;
}
