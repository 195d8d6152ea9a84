import { PERMISSIONS, type Permission, type Permissions } from '@scopegate/permission';
import type { FieldError } from '@scopegate/problem';

/** Permissions that name this group (R26). */
export function permissionsNaming(permissions: Permissions, group: string): readonly Permission[] {
  return PERMISSIONS.filter((permission) => permissions[permission].groups.includes(group));
}

/** Each group once. */
export function namedGroups(permissions: Permissions): readonly string[] {
  return [...new Set(PERMISSIONS.flatMap((permission) => permissions[permission].groups))];
}

/** One entry per place with an unknown group. */
export function unknownGroupErrors(permissions: Permissions, missing: readonly string[]): readonly FieldError[] {
  const unknown = new Set(missing);
  return PERMISSIONS.flatMap((permission) =>
    permissions[permission].groups.flatMap((group, index) => {
      const field = `${permission}.groups.${index}`;
      return unknown.has(group) ? [{ field, message: `${field} contains unknown groups: "${group}"` }] : [];
    }),
  );
}
