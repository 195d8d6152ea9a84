import type { Permissions, Warning } from '@scopegate/permission';
import type { PermissionsDto } from './dto/permissions.dto.js';

/** The permissions as the API shows them. */
export function toPermissionsDto(permissions: Permissions, warnings: readonly Warning[]): PermissionsDto {
  const { useTokens, createForSelf, createOnBehalf } = permissions;
  return {
    useTokens: { everyone: useTokens.everyone, groups: [...useTokens.groups] },
    createForSelf: {
      everyone: createForSelf.everyone,
      groups: [...createForSelf.groups],
      readOnlyOnly: createForSelf.readOnlyOnly,
    },
    createOnBehalf: { groups: [...createOnBehalf.groups] },
    warnings: warnings.map(({ code, message }) => ({ code, message })),
  };
}

/** A document that was validated, or stored by us, as the rules read it: member by member, and never to be changed. */
export function toPermissions(document: Permissions): Permissions {
  const { useTokens, createForSelf, createOnBehalf } = document;
  return {
    useTokens: { everyone: useTokens.everyone, groups: [...useTokens.groups] },
    createForSelf: {
      everyone: createForSelf.everyone,
      groups: [...createForSelf.groups],
      readOnlyOnly: createForSelf.readOnlyOnly,
    },
    createOnBehalf: { groups: [...createOnBehalf.groups] },
  };
}
