/** R19, R90. */
export const PERMISSIONS = ['useTokens', 'createForSelf', 'createOnBehalf', 'introspect'] as const;

export type Permission = (typeof PERMISSIONS)[number];

/** Group names compare exactly. */
export interface Permissions {
  readonly useTokens: { readonly everyone: boolean; readonly groups: readonly string[] };
  readonly createForSelf: {
    readonly everyone: boolean;
    readonly groups: readonly string[];
    /** Users may create only read-only tokens, unless they may create for others (R15). */
    readonly readOnlyOnly: boolean;
  };
  /** No `everyone`: a token for any user is a login as any user (R22). */
  readonly createOnBehalf: { readonly groups: readonly string[] };
  /** Who may ask whether a token is valid (R90). Administrators may always. */
  readonly introspect: { readonly groups: readonly string[] };
}

/** What a user may do with tokens, as `GET /me` shows it. */
export type HeldPermissions = Readonly<Record<Exclude<Permission, 'introspect'>, boolean>>;

/** R20: all users have tokens of their own; administrators may create them for others. */
export const DEFAULT_PERMISSIONS: Permissions = {
  useTokens: { everyone: true, groups: [] },
  createForSelf: { everyone: true, groups: [], readOnlyOnly: false },
  createOnBehalf: { groups: ['administrators'] },
  introspect: { groups: ['administrators'] },
};

/** Permits nothing: administrators may introspect in any case. */
export const NO_PERMISSIONS: Permissions = {
  useTokens: { everyone: false, groups: [] },
  createForSelf: { everyone: false, groups: [], readOnlyOnly: true },
  createOnBehalf: { groups: [] },
  introspect: { groups: ['administrators'] },
};

/**
 * Any named group is enough (R19); `everyone` ignores groups (R21). Permission to create for others includes oneself.
 * Administrators get nothing except through the lists (R20).
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
    case 'introspect':
      return isInAny(groups, permissions[permission].groups);
  }
}

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
