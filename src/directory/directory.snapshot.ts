import type { PrincipalFacts } from '@scopegate/access';

/** The group whose members administer Scopegate. */
export const ADMINISTRATORS = 'administrators';

/** A user as it is kept in memory. */
export interface DirectoryUser {
  readonly facts: PrincipalFacts;
  /** The name without case, by which users are told apart and listed. */
  readonly key: string;
  /** bcrypt; null where there is no login by password. */
  readonly passwordHash: string | null;
}

/** All users and groups at one time. */
export interface DirectorySnapshot {
  /** Ordered by key. */
  readonly users: readonly DirectoryUser[];
  readonly byId: ReadonlyMap<string, DirectoryUser>;
  readonly byKey: ReadonlyMap<string, DirectoryUser>;
  /** Ordered by name. */
  readonly groupNames: ReadonlySet<string>;
  /** The number of active members of each group. */
  readonly groupSizes: ReadonlyMap<string, number>;
}

/** A user's row, as far as it is kept. */
export interface UserRow {
  readonly id: string;
  readonly username: string;
  readonly usernameKey: string;
  readonly displayName: string;
  readonly email: string | null;
  readonly passwordHash: string | null;
  readonly active: boolean;
}

/**
 * Puts the stored rows together. A membership counts only where its group is there: none is inherited by a group that
 * is made later.
 */
export function buildDirectorySnapshot(
  users: readonly UserRow[],
  groups: readonly string[],
  members: readonly { readonly groupName: string; readonly userId: string }[],
): DirectorySnapshot {
  const groupNames = new Set(groups.toSorted(compare));
  const groupsByUser = new Map<string, Set<string>>();
  for (const { groupName, userId } of members) {
    if (!groupNames.has(groupName)) continue;
    const own = groupsByUser.get(userId);
    if (own === undefined) groupsByUser.set(userId, new Set([groupName]));
    else own.add(groupName);
  }
  const ordered = users
    .map((row) => toDirectoryUser(row, groupsByUser.get(row.id) ?? NO_GROUPS))
    .sort((one, other) => compare(one.key, other.key));
  const groupSizes = new Map<string, number>();
  for (const name of groupNames) groupSizes.set(name, 0);
  for (const { facts } of ordered) {
    if (!facts.active) continue;
    for (const name of facts.groups) groupSizes.set(name, (groupSizes.get(name) ?? 0) + 1);
  }
  return {
    users: ordered,
    byId: new Map(ordered.map((user) => [user.facts.id, user])),
    byKey: new Map(ordered.map((user) => [user.key, user])),
    groupNames,
    groupSizes,
  };
}

/** A row as the decision needs it. */
export function toPrincipal(row: UserRow, groups: ReadonlySet<string>): PrincipalFacts {
  return {
    id: row.id,
    username: row.username,
    displayName: row.displayName,
    email: row.email,
    active: row.active,
    groups,
  };
}

const NO_GROUPS: ReadonlySet<string> = new Set();

function toDirectoryUser(row: UserRow, groups: ReadonlySet<string>): DirectoryUser {
  return { facts: toPrincipal(row, groups), key: row.usernameKey, passwordHash: row.passwordHash };
}

/** By code units: the same order on every server, whatever its language. */
export function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
