/** A user or group that is not what the directory says, and why. */
export interface SyncConflict {
  readonly kind: 'user' | 'group';
  readonly name: string;
  /** `refused`: it is not taken over. `kept`: the directory has it no more, or disabled, and it stays. */
  readonly outcome: 'refused' | 'kept';
  /** Whole sentences for administrators. */
  readonly message: string;
}

type Kind = SyncConflict['kind'];

function refused(kind: Kind, name: string, message: string): SyncConflict {
  return { kind, name, outcome: 'refused', message };
}

function notTaken(kind: Kind, name: string, because: string): SyncConflict {
  return refused(kind, name, `The ${kind} "${name}" is not taken from the directory: ${because}`);
}

/** @param problem such as `must not be empty` */
export function badName(kind: Kind, name: string, problem: string): SyncConflict {
  return notTaken(kind, name, `the name ${problem}.`);
}

/** @param other `local`, or the key of a directory */
export function takenBy(other: string, kind: Kind, name: string): SyncConflict {
  return refused(
    kind,
    name,
    other === 'local'
      ? `"${name}" is also a local ${kind}, and stays local. Rename one of them.`
      : `"${name}" is also a ${kind} of the directory "${other}", and stays there. Rename one of them.`,
  );
}

export function severalOfName(kind: Kind, name: string): SyncConflict {
  const what = kind === 'user' ? 'entries' : 'groups';
  return notTaken(
    kind,
    name,
    `several ${what} have this name. Make it unique in the directory, or narrow "${kind}Filter".`,
  );
}

export function severalOfEntry(name: string): SyncConflict {
  return notTaken('user', name, 'another entry of the directory has the same identifier.');
}

/** @param isActive whether the stored user of this name is */
export function formerNamesake(name: string, isActive: boolean): SyncConflict {
  return isActive
    ? refused('user', name, `The user "${name}" follows at the next synchronisation: another user still has this name.`)
    : notTaken('user', name, 'an inactive user had this name before, for another entry. Delete that user first.');
}

export function groupInUse(name: string): SyncConflict {
  const message = `The group "${name}" is gone from the directory. It stays, without members, because a permission names it.`;
  return { kind: 'group', name, outcome: 'kept', message };
}

export function lastAdministrator(name: string): SyncConflict {
  const message =
    `The user "${name}" is missing or disabled in the directory, and stays active as the last active administrator. ` +
    'Make another administrator.';
  return { kind: 'user', name, outcome: 'kept', message };
}
