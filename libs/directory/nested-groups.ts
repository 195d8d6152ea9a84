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

/** Members that a walk looks at: those of an inner group once for each group around it. */
const MAX_VISITS = 20_000_000;

/** Between two pauses. */
const VISITS_IN_A_STEP = 250;

/** Long work that pauses at each step: whoever carries it out lets others go first there. */
type InSteps<Result> = Generator<undefined, Result>;

/**
 * Who is in which group, also through groups of groups. Only groups of the list are walked: others do not match the
 * filter of the administrator.
 *
 * Groups that contain each other, or that many others contain, make far more of their members than the directory has
 * sent. So the walk ends at a limit.
 * @param users what a group names each user by: a distinguished name, or a user name
 * @param maxPairs of a user and a group
 * @returns null if there are more pairs, or the way to them is too long
 */
export function* walkGroups(
  groups: readonly ReadGroup[],
  users: readonly string[],
  isNested: boolean,
  maxPairs: number,
): InSteps<GroupWalk | null> {
  const direct = yield* directMembers(groups, users, isNested);
  const groupsOf = users.map(() => new Set<string>());
  let hasCycle = false;
  let visits = 0;
  let pairs = 0;
  for (const [start, { name }] of groups.entries()) {
    // The nearest first. It grows while it is walked.
    const depths = new Map([[start, 0]]);
    for (const [index, depth] of depths) {
      for (const member of direct[index] ?? []) {
        visits += 1;
        if (visits > MAX_VISITS || pairs > maxPairs) return null;
        if (visits % VISITS_IN_A_STEP === 0) yield;
        const names = groupsOf[member];
        if (names !== undefined) {
          if (!names.has(name)) pairs += 1;
          names.add(name);
          continue;
        }
        const inner = member - users.length;
        if (inner === start) hasCycle = true;
        if (depth < MAX_GROUP_DEPTH && !depths.has(inner)) depths.set(inner, depth + 1);
      }
    }
  }
  return pairs > maxPairs ? null : { groupsOf, hasCycle };
}

/** Of each group. A number below that of the users is the position of a user; the groups follow. */
function* directMembers(
  groups: readonly ReadGroup[],
  users: readonly string[],
  isNested: boolean,
): InSteps<readonly (readonly number[])[]> {
  const userAt = yield* positionsOf(users);
  const groupAt = isNested ? yield* positionsOf(groups.map(({ dn }) => dn)) : new Map<string, number>();
  /** By the spelling: most members are in several groups, and a key takes long to make. */
  const known = new Map<string, readonly number[]>();
  const direct: number[][] = [];
  for (const { members } of groups) {
    const found: number[] = [];
    for (const member of members) {
      yield;
      let numbers = known.get(member);
      if (numbers === undefined) {
        const key = memberKey(member);
        const [user, group] = [userAt.get(key), groupAt.get(key)];
        numbers = [...(user === undefined ? [] : [user]), ...(group === undefined ? [] : [users.length + group])];
        if (numbers.length > 0) known.set(member, numbers);
      }
      found.push(...numbers);
    }
    direct.push(found);
  }
  return direct;
}

/**
 * By `memberKey`. A key that several have stands for none of them: the fold of `dnKey` is coarse, and a group must not
 * be given to somebody whose name only looks like that of its member.
 */
export function* positionsOf(members: readonly string[]): InSteps<ReadonlyMap<string, number>> {
  const positions = new Map<string, number>();
  const shared = new Set<string>();
  for (const [index, member] of members.entries()) {
    yield;
    const key = memberKey(member);
    if (positions.has(key)) shared.add(key);
    positions.set(key, index);
  }
  for (const key of shared) positions.delete(key);
  return positions;
}

/** A member is compared as a distinguished name, or as a user name if it is none. */
export function memberKey(member: string): string {
  return dnKey(member) ?? `name:${member.toLowerCase()}`;
}
