import type { PlannedChange } from './planned-change.js';
import type { GroupPlan } from './sync-groups.js';
import type { SyncConflict } from './sync-conflict.js';
import type { StoredState, StoredUser, SyncOptions, UserTarget } from './sync-state.js';

export interface DraftPlan {
  readonly create: readonly UserTarget[];
  readonly change: readonly PlannedChange[];
  /** Whose entries are missing. */
  readonly vanished: readonly StoredUser[];
  readonly groups: GroupPlan;
  readonly conflicts: readonly SyncConflict[];
  /** How many active users become inactive. */
  readonly deactivations: number;
}

/** Why an administrator has to confirm a synchronisation first (R94). */
export interface Hold {
  /** Active users who would become inactive, of how many. */
  readonly deactivations: number;
  readonly activeUsers: number;
  /** Groups that have members now and would have none, less those that get some; of how many. */
  readonly emptiedGroups: number;
  readonly groups: number;
}

export interface HoldAndEmptied {
  /** Null: the plan may be carried out. */
  readonly hold: Hold | null;
  /** The groups that have members now and would have none. Sorted. */
  readonly emptied: readonly string[];
}

/**
 * More than the allowed share of the active users, or of the groups that have members. A group that is renamed empties
 * one and fills another. A single group less is no sign of a directory that lies, unless it was the last.
 */
export function holdOf(plan: DraftPlan, { users }: StoredState, { maxDeactivations }: SyncOptions): HoldAndEmptied {
  const activeUsers = users.filter(({ active }) => active).length;
  const filledNow = new Set(users.flatMap((user) => user.groups));
  const filled = filledGroups(plan, users);
  const emptied = [...filledNow].filter((name) => !filled.has(name)).sort();
  const groups = filledNow.size;
  const emptiedGroups = Math.max(0, groups - filled.size);
  const { deactivations } = plan;
  const exceeds = (count: number, all: number): boolean => count * 100 > maxDeactivations * all;
  const areGroupsHeld = exceeds(emptiedGroups, groups) && (emptiedGroups > 1 || filled.size === 0);
  const isHeld = exceeds(deactivations, activeUsers) || areGroupsHeld;
  return { hold: isHeld ? { deactivations, activeUsers, emptiedGroups, groups } : null, emptied };
}

/** The groups with members after the plan. */
function filledGroups(
  { create, change, vanished, groups }: DraftPlan,
  users: StoredState['users'],
): ReadonlySet<string> {
  const after = new Map(users.map(({ id, groups: names }) => [id, names]));
  for (const { before, after: target } of change) after.set(before.id, target.groups);
  for (const { id } of vanished) after.set(id, []);
  const gone = new Set(groups.vanished);
  const filled = [...after.values(), ...create.map((target) => target.groups)].flat();
  return new Set(filled.filter((name) => !gone.has(name)));
}
