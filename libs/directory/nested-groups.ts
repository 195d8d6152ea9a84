import { dnKey } from './dn.js';

export interface ReadGroup {
  readonly dn: string;
  readonly name: string;
  /** Distinguished names, or user names. */
  readonly members: readonly string[];
}

export interface GroupWalk {
  /** The names of each user's groups, by the position of the user. */
  readonly groupsOf: readonly ReadonlySet<string>[];
  /** The walk has met a group that contains itself. It is no error. */
  readonly hasCycle: boolean;
}

/** Deeper groups are not walked. */
export const MAX_GROUP_DEPTH = 32;

/**
 * Who is in which group, also through groups of groups. Only groups of the list are walked: others do not match the
 * filter of the administrator.
 * @param memberKeys for each user, what a group may name it by: from `memberKey`
 */
export function walkGroups(
  groups: readonly ReadGroup[],
  memberKeys: readonly (readonly string[])[],
  isNested: boolean,
): GroupWalk {
  const usersByKey = positionsOf(memberKeys);
  const groupsByKey = positionsOf(groups.map((group) => [memberKey(group.dn)]));
  const direct = groups.map(({ members }) => {
    const keys = members.map(memberKey);
    return {
      users: keys.flatMap((key) => usersByKey.get(key) ?? []),
      groups: isNested ? keys.flatMap((key) => groupsByKey.get(key) ?? []) : [],
    };
  });
  const groupsOf = memberKeys.map(() => new Set<string>());
  let hasCycle = false;
  groups.forEach(({ name }, start) => {
    const seen = new Set([start]);
    let level = [start];
    for (let depth = 0; level.length > 0 && depth <= MAX_GROUP_DEPTH; depth += 1) {
      const next: number[] = [];
      for (const index of level) {
        for (const user of direct[index]?.users ?? []) groupsOf[user]?.add(name);
        for (const inner of direct[index]?.groups ?? []) {
          if (inner === start) hasCycle = true;
          if (seen.has(inner)) continue;
          seen.add(inner);
          next.push(inner);
        }
      }
      level = next;
    }
  });
  return { groupsOf, hasCycle };
}

/**
 * By key. A key that several have stands for none of them: the fold of `dnKey` is coarse, and a group must not be given
 * to somebody whose name only looks like that of its member.
 */
export function positionsOf(keysOf: readonly (readonly string[])[]): ReadonlyMap<string, number> {
  const positions = new Map<string, number>();
  const shared = new Set<string>();
  keysOf.forEach((keys, index) => {
    for (const key of keys) {
      if (positions.has(key)) shared.add(key);
      positions.set(key, index);
    }
  });
  for (const key of shared) positions.delete(key);
  return positions;
}

/** A member is compared as a distinguished name, or as a user name if it is none. */
export function memberKey(member: string): string {
  return dnKey(member) ?? `name:${member.toLowerCase()}`;
}
