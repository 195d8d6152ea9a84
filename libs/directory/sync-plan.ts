import { userNameKey } from '@scopegate/token';
import { changesOf, type PlannedChange } from './planned-change.js';
import { holdOf, type DraftPlan, type HoldAndEmptied } from './sync-hold.js';
import { planGroups, type GroupPlan } from './sync-groups.js';
import { badName, formerNamesake, severalOfEntry, severalOfName, takenBy, type SyncConflict } from './sync-conflict.js';
import type {
  FoundState,
  FoundUser,
  NameRules,
  StoredState,
  StoredUser,
  SyncOptions,
  UserTarget,
} from './sync-state.js';

export type SyncPlan = DraftPlan & HoldAndEmptied;

/** R94: there is nothing that could be carried out. */
export interface NoPlan {
  readonly refusal: string;
}

/** An entry that is made again within this time is the same user: a directory may have been restored. */
export const SAME_USER_MS = 30 * 86_400_000;

const NO_USER =
  'The directory answers without an error and without a single user. Check userBase and userFilter, and what the ' +
  'bind account may read.';

/** Of what the directory says and what is stored (R93, R94). */
export function planSync(found: FoundState, stored: StoredState, options: SyncOptions): SyncPlan | NoPlan {
  if (found.users.length === 0) return { refusal: NO_USER };
  const conflicts: SyncConflict[] = [];
  const groups = planGroups(found.groups, stored, options.rules, conflicts);
  const { matches, kept } = matchUsers(found.users, stored, options, conflicts);
  const create: UserTarget[] = [];
  const change: PlannedChange[] = [];
  const stays = new Set(kept);
  for (const { user, before, refusal } of matches) {
    const target =
      before !== null && refusal !== null
        ? refusedTarget(user, before, groups, refusal)
        : targetOf(user, groups, options.rules);
    if (before === null) {
      create.push(target);
      continue;
    }
    stays.add(before.id);
    const changes = changesOf(before, target);
    if (changes !== null) change.push(changes);
  }
  const vanished = stored.users.filter(({ id, active, goneAtMs }) => !stays.has(id) && (active || goneAtMs === null));
  const deactivations =
    vanished.filter(({ active }) => active).length +
    change.filter(({ before, after }) => before.active && !after.active).length;
  const plan = { create, change, vanished, groups, conflicts, deactivations };
  return { ...plan, ...holdOf(plan, stored, options) };
}

export function isNoPlan(plan: SyncPlan | NoPlan): plan is NoPlan {
  return 'refusal' in plan;
}

function targetOf(user: FoundUser, { nameOf }: GroupPlan, rules: NameRules): UserTarget {
  const { entry, username, isDisabled } = user;
  const displayName = user.displayName?.trim() ?? '';
  return {
    entry,
    username,
    displayName: rules.displayName(displayName) === null ? displayName : username,
    email: user.email !== null && rules.email(user.email) === null ? user.email : null,
    active: !isDisabled,
    groups: groupsHere(user, nameOf),
  };
}

function groupsHere({ groups }: FoundUser, nameOf: GroupPlan['nameOf']): string[] {
  return [...new Set([...groups].flatMap((name) => nameOf.get(name) ?? []))].sort();
}

/**
 * Who has a name that is refused keeps the one before, and gets nothing new; but a refused name saves nobody from being
 * disabled, or from losing a group.
 */
function refusedTarget(user: FoundUser, before: StoredUser, { nameOf }: GroupPlan, refusal: Refusal): UserTarget {
  const { entry, username, displayName, email, active, groups } = before;
  const now = new Set(groupsHere(user, nameOf));
  return {
    entry: entry ?? user.entry,
    username,
    displayName,
    email,
    active: active && !user.isDisabled,
    groups: (refusal === 'twice' ? groups : groups.filter((name) => now.has(name))).toSorted(),
  };
}

/** `twice`: several entries have the name, so a group that lists names may mean any of them. */
type Refusal = 'twice' | 'name';

interface Match {
  readonly user: FoundUser;
  /** Null: a new user. */
  readonly before: StoredUser | null;
  /** Why the name is refused; null if it is not. */
  readonly refusal: Refusal | null;
}

interface Matching {
  readonly matches: readonly Match[];
  /** The ids of stored users who stay as they are, because their entries are refused. */
  readonly kept: readonly string[];
}

/** By the entry, so that a user may be renamed; by the name where an entry has been made again. */
function matchUsers(
  found: readonly FoundUser[],
  { users, otherUsers }: StoredState,
  { nowMs, rules }: SyncOptions,
  conflicts: SyncConflict[],
): Matching {
  const byEntry = new Map(users.flatMap((user) => (user.entry === null ? [] : [[user.entry, user] as const])));
  const byName = new Map(users.map((user) => [userNameKey(user.username), user]));
  const counts = countOf(found.map(({ username }) => userNameKey(username)));
  const entryCounts = countOf(found.map(({ entry }) => entry));
  const matches: Match[] = [];
  const kept: string[] = [];
  for (const user of found) {
    const key = userNameKey(user.username);
    const own = byEntry.get(user.entry) ?? null;
    const namesake = byName.get(key) ?? null;
    const isBack = own === null && namesake !== null && isSameUser(namesake, entryCounts, nowMs);
    const before = own ?? (isBack ? namesake : null);
    const { username } = user;
    const problem = rules.username(username);
    const conflict =
      (problem === null ? null : badName('user', username, problem)) ??
      twiceConflict(username, counts.get(key) ?? 0, entryCounts.get(user.entry) ?? 0) ??
      takenConflict(username, otherUsers.get(key), namesake, before);
    if (conflict === null) {
      matches.push({ user, before, refusal: null });
      continue;
    }
    conflicts.push(conflict);
    const isTwice = (counts.get(key) ?? 0) > 1;
    // Its entry is certain, whatever its name is.
    if (own?.active === true && entryCounts.get(user.entry) === 1) {
      matches.push({ user, before: own, refusal: isTwice ? 'twice' : 'name' });
    } else if (own !== null) {
      kept.push(own.id);
    }
    // None of several entries of a name decides what becomes of its user, but the one that is the user.
    if (isTwice && namesake !== null && !entryCounts.has(namesake.entry ?? '')) kept.push(namesake.id);
  }
  const decided = new Set(kept);
  return { matches: matches.filter(({ before }) => before === null || !decided.has(before.id)), kept };
}

function twiceConflict(name: string, ofName: number, ofEntry: number): SyncConflict | null {
  if (ofName > 1) return severalOfName('user', name);
  return ofEntry > 1 ? severalOfEntry(name) : null;
}

function takenConflict(
  name: string,
  other: string | undefined,
  namesake: StoredUser | null,
  before: StoredUser | null,
): SyncConflict | null {
  if (other !== undefined) return takenBy(other, 'user', name);
  if (namesake === null || namesake.id === before?.id) return null;
  return formerNamesake(name, namesake.active);
}

/** The stored user's entry is missing, and not for long: the new entry of its name is the same user. */
function isSameUser({ entry, goneAtMs }: StoredUser, found: ReadonlyMap<string, number>, nowMs: number): boolean {
  if (entry !== null && found.has(entry)) return false;
  return goneAtMs === null || nowMs - goneAtMs < SAME_USER_MS;
}

function countOf(keys: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
