/** The three permissions (R19). */
export const PERMISSIONS = ['useTokens', 'createForSelf', 'createOnBehalf'] as const;

export type Permission = (typeof PERMISSIONS)[number];

/** Who holds which permission, as the administrator set it. Group names compare exactly. */
export interface Permissions {
  readonly useTokens: { readonly everyone: boolean; readonly groups: readonly string[] };
  readonly createForSelf: {
    readonly everyone: boolean;
    readonly groups: readonly string[];
    /** Users may only create read-only tokens, unless they may create for others (R15). */
    readonly readOnlyOnly: boolean;
  };
  /** There is no `everyone` here: a token for anybody is a login as anybody (R22). */
  readonly createOnBehalf: { readonly groups: readonly string[] };
}

/** The permissions one user holds. */
export type HeldPermissions = Readonly<Record<Permission, boolean>>;

/** A fresh install: everyone has tokens of their own, administrators may make them for others (R20). */
export const DEFAULT_PERMISSIONS: Permissions = {
  useTokens: { everyone: true, groups: [] },
  createForSelf: { everyone: true, groups: [], readOnlyOnly: false },
  createOnBehalf: { groups: ['administrators'] },
};

/** Permits nothing. */
export const NO_PERMISSIONS: Permissions = {
  useTokens: { everyone: false, groups: [] },
  createForSelf: { everyone: false, groups: [], readOnlyOnly: true },
  createOnBehalf: { groups: [] },
};

/**
 * Whether a user in these groups holds a permission. Membership in any named group grants (R19); with `everyone` the
 * groups are not asked, and without it no groups means nobody (R21). Creating for others includes oneself, and nothing
 * is granted to administrators but by the lists (R20).
 */
export function holds(permissions: Permissions, permission: Permission, groups: ReadonlySet<string>): boolean {
  switch (permission) {
    case 'useTokens':
      return permissions.useTokens.everyone || isInAny(groups, permissions.useTokens.groups);
    case 'createForSelf':
      return (
        permissions.createForSelf.everyone ||
        isInAny(groups, permissions.createForSelf.groups) ||
        isInAny(groups, permissions.createOnBehalf.groups)
      );
    case 'createOnBehalf':
      return isInAny(groups, permissions.createOnBehalf.groups);
  }
}

/** All three permissions of a user in these groups. */
export function heldPermissions(permissions: Permissions, groups: ReadonlySet<string>): HeldPermissions {
  return {
    useTokens: holds(permissions, 'useTokens', groups),
    createForSelf: holds(permissions, 'createForSelf', groups),
    createOnBehalf: holds(permissions, 'createOnBehalf', groups),
  };
}

function isInAny(groups: ReadonlySet<string>, named: readonly string[]): boolean {
  for (const name of named) {
    if (groups.has(name)) {
      return true;
    }
  }
  return false;
}
