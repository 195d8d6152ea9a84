import { userNameKey } from '@scopegate/token';
import { badName, severalOfName, takenBy, type SyncConflict } from './sync-conflict.js';
import type { NameRules, StoredState } from './sync-state.js';

export interface GroupPlan {
  readonly create: readonly string[];
  /** They lose their members. */
  readonly vanished: readonly string[];
  /** The name here of each group of the directory that is let in. A stored group keeps its case. */
  readonly nameOf: ReadonlyMap<string, string>;
}

/** A group of the same name that is not of this directory is never filled: it may be `administrators`. */
export function planGroups(
  found: readonly string[],
  { groups, otherGroups }: StoredState,
  rules: NameRules,
  conflicts: SyncConflict[],
): GroupPlan {
  const stored = new Map(groups.map((name) => [userNameKey(name), name]));
  const seen = new Map<string, string[]>();
  for (const name of found) seen.set(userNameKey(name), [...(seen.get(userNameKey(name)) ?? []), name]);
  const create: string[] = [];
  const nameOf = new Map<string, string>();
  for (const [key, [name = '', ...twins]] of seen) {
    const other = otherGroups.get(key);
    const problem = rules.group(name);
    const conflict =
      (problem === null ? null : badName('group', name, problem)) ??
      (other === undefined ? null : takenBy(other, 'group', name)) ??
      (twins.length === 0 ? null : severalOfName('group', name));
    if (conflict !== null) {
      conflicts.push(conflict);
      continue;
    }
    const known = stored.get(key);
    nameOf.set(name, known ?? name);
    if (known === undefined) create.push(name);
  }
  const present = new Set(nameOf.values());
  return { create, vanished: groups.filter((name) => !present.has(name)), nameOf };
}
