import type { PrincipalFacts } from '@scopegate/access';
import { LOCAL, type DirectoryUser } from './directory-user.js';
import type { GroupDto } from './dto/group.dto.js';
import type { UserDto } from './dto/user.dto.js';

export function toUserDto(
  user: Pick<PrincipalFacts, 'username' | 'displayName' | 'email' | 'active'> & {
    readonly groups: Iterable<string>;
    readonly directory: string;
  },
): UserDto {
  return {
    username: user.username,
    displayName: user.displayName,
    email: user.email,
    active: user.active,
    groups: [...user.groups].sort(),
    directory: user.directory,
  };
}

export function shownUser({ facts, directory }: DirectoryUser): UserDto {
  return toUserDto({ ...facts, directory });
}

export function toGroupDto({ name, directory }: { readonly name: string; readonly directory: string }): GroupDto {
  return directory === LOCAL ? { name } : { name, directory };
}
