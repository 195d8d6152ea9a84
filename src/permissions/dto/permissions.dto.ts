import { PartialType } from '@nestjs/swagger';
import { Allow, IsBoolean } from 'class-validator';
import { WarningDto } from '../../common/swagger/warning.dto.js';
import { TextList } from '../../common/validation/bounded-list.decorator.js';
import { NestedObject } from '../../common/validation/nested-object.decorator.js';

/** More groups than anyone would name for one permission. */
const MAX_GROUPS = 1000;

/** The names of groups, each once. */
const GroupNames = (): PropertyDecorator => TextList({ maxItems: MAX_GROUPS, maxLength: 255, isUnique: true });

/** Who may use tokens. */
export class UseTokensDto {
  /** On: the groups are not consulted. Off, without groups: nobody. */
  @IsBoolean()
  everyone!: boolean;

  /** @example ["developers"] */
  @GroupNames()
  groups!: string[];
}

/** Who may create tokens for itself. */
export class CreateForSelfDto {
  /** On: the groups are not consulted. Off, without groups: nobody but those who may create for other users. */
  @IsBoolean()
  everyone!: boolean;

  /** @example ["developers"] */
  @GroupNames()
  groups!: string[];

  /** Users may only create read-only tokens, unless they may create for other users. What exists stays as it is. */
  @IsBoolean()
  readOnlyOnly!: boolean;
}

/** Who may create tokens for other users, and so for itself. There is no `everyone` here. */
export class CreateOnBehalfDto {
  /** @example ["administrators"] */
  @GroupNames()
  groups!: string[];
}

class PermissionSectionsDto {
  @NestedObject(() => UseTokensDto)
  useTokens!: UseTokensDto;

  @NestedObject(() => CreateForSelfDto)
  createForSelf!: CreateForSelfDto;

  @NestedObject(() => CreateOnBehalfDto)
  createOnBehalf!: CreateOnBehalfDto;
}

/** Who may use and create tokens, with what is odd about it. */
export class PermissionsDto extends PermissionSectionsDto {
  warnings!: WarningDto[];
}

/** The permissions as a whole. */
export class ReplacePermissionsDto extends PermissionSectionsDto {
  /** Ignored, so that what was read can be sent back. */
  @Allow()
  warnings?: WarningDto[];
}

class UseTokensPatchDto extends PartialType(UseTokensDto) {}
class CreateForSelfPatchDto extends PartialType(CreateForSelfDto) {}
class CreateOnBehalfPatchDto extends PartialType(CreateOnBehalfDto) {}

/** The members of the permissions to change; what is left out stays as it is. */
export class UpdatePermissionsDto {
  useTokens?: UseTokensPatchDto;
  createForSelf?: CreateForSelfPatchDto;
  createOnBehalf?: CreateOnBehalfPatchDto;
}
