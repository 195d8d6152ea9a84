import { PartialType } from '@nestjs/swagger';
import { Allow, IsBoolean } from 'class-validator';
import { WarningDto } from '../../common/swagger/warning.dto.js';
import { TextList } from '../../common/validation/bounded-list.decorator.js';
import { IfPresent } from '../../common/validation/if-present.decorator.js';
import { NestedObject } from '../../common/validation/nested-object.decorator.js';

/** More groups than anyone would name for one permission. */
const MAX_GROUPS = 1000;

/** The names of groups, each once. */
const GroupNames = (): PropertyDecorator => TextList({ maxItems: MAX_GROUPS, maxLength: 255, isUnique: true });

/** Who may use tokens. */
export class UseTokensDto {
  /** On: all users, and the groups have no effect. Off without groups: no user. */
  @IsBoolean()
  everyone!: boolean;

  /** @example ["developers"] */
  @GroupNames()
  groups!: string[];
}

/** Who may create their own tokens. */
export class CreateForSelfDto {
  /** On: all users, and the groups have no effect. Off without groups: only users who may create tokens for others. */
  @IsBoolean()
  everyone!: boolean;

  /** @example ["developers"] */
  @GroupNames()
  groups!: string[];

  /**
   * Users may only create read-only tokens, unless they may create tokens for others. Existing tokens stay unchanged.
   */
  @IsBoolean()
  readOnlyOnly!: boolean;
}

/** Who may create tokens for other users and for themselves. It has no `everyone`. */
export class CreateOnBehalfDto {
  /** @example ["administrators"] */
  @GroupNames()
  groups!: string[];
}

/** Who may ask whether a token is valid, and for the decision about a request. Administrators may always. */
export class IntrospectDto {
  /** @example ["services"] */
  @GroupNames()
  groups!: string[];
}

class TokenPermissionsDto {
  @NestedObject(() => UseTokensDto)
  useTokens!: UseTokensDto;

  @NestedObject(() => CreateForSelfDto)
  createForSelf!: CreateForSelfDto;

  @NestedObject(() => CreateOnBehalfDto)
  createOnBehalf!: CreateOnBehalfDto;
}

/** Who may use and create tokens, with warnings. */
export class PermissionsDto extends TokenPermissionsDto {
  introspect!: IntrospectDto;

  warnings!: WarningDto[];
}

/** All permissions. */
export class ReplacePermissionsDto extends TokenPermissionsDto {
  /** May be left out by clients of an older version. It is then for administrators alone. */
  @IfPresent()
  @NestedObject(() => IntrospectDto)
  introspect?: IntrospectDto;

  /** Ignored, so that you can send back what you have read. */
  @Allow()
  warnings?: WarningDto[];
}

class UseTokensPatchDto extends PartialType(UseTokensDto) {}
class CreateForSelfPatchDto extends PartialType(CreateForSelfDto) {}
class CreateOnBehalfPatchDto extends PartialType(CreateOnBehalfDto) {}
class IntrospectPatchDto extends PartialType(IntrospectDto) {}

/** A merge patch with the members to change. */
export class UpdatePermissionsDto {
  useTokens?: UseTokensPatchDto;
  createForSelf?: CreateForSelfPatchDto;
  createOnBehalf?: CreateOnBehalfPatchDto;
  introspect?: IntrospectPatchDto;
}
