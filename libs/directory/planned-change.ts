import type { StoredUser, UserTarget } from './sync-state.js';

export interface PlannedChange {
  readonly before: StoredUser;
  readonly after: UserTarget;
  /** An entry that was missing is there again, or is another one of the same name. */
  readonly isBack: boolean;
}

/** Null if the stored user is as the directory says. */
export function changesOf(before: StoredUser, after: UserTarget): PlannedChange | null {
  const isBack = before.goneAtMs !== null || before.entry !== after.entry;
  const isSame =
    before.username === after.username &&
    before.displayName === after.displayName &&
    before.email === after.email &&
    before.active === after.active &&
    JSON.stringify(before.groups.toSorted()) === JSON.stringify(after.groups);
  return isSame && !isBack ? null : { before, after, isBack };
}
