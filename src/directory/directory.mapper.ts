import type { PrincipalFacts } from '@scopegate/access';
import type { GroupDto } from './dto/group.dto.js';
import type { UserDto } from './dto/user.dto.js';

/** A user as the API shows it. */
export function toUserDto(user: PrincipalFacts): UserDto {
  return {
    username: user.username,
    displayName: user.displayName,
    email: user.email,
    active: user.active,
    groups: [...user.groups].sort(),
  };
}

/** A group as the API shows it. */
export function toGroupDto(name: string): GroupDto {
  return { name };
}
