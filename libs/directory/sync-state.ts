/** A user as the directory has it now, with the names of its groups. */
export interface FoundUser {
  readonly entry: string;
  readonly username: string;
  readonly displayName: string | null;
  readonly email: string | null;
  readonly isDisabled: boolean;
  readonly groups: ReadonlySet<string>;
}

/** A user of this directory as it is stored. */
export interface StoredUser {
  readonly id: string;
  readonly entry: string | null;
  readonly username: string;
  readonly displayName: string;
  readonly email: string | null;
  readonly active: boolean;
  /** Only groups of this directory. */
  readonly groups: readonly string[];
  /** Since when its entry is missing; null while it is there. */
  readonly goneAtMs: number | null;
}

export interface StoredState {
  readonly users: readonly StoredUser[];
  /** The groups of this directory. */
  readonly groups: readonly string[];
  /** Where a user of another directory or a local one has the name; by `userNameKey`. */
  readonly otherUsers: ReadonlyMap<string, string>;
  /** The same for groups. */
  readonly otherGroups: ReadonlyMap<string, string>;
}

export interface FoundState {
  readonly users: readonly FoundUser[];
  readonly groups: readonly string[];
}

/** Each returns what is wrong, or null. */
export interface NameRules {
  readonly username: (name: string) => string | null;
  readonly displayName: (name: string) => string | null;
  readonly email: (text: string) => string | null;
  readonly group: (name: string) => string | null;
}

export interface SyncOptions {
  readonly nowMs: number;
  /** Per cent of the active users of the directory, 0 to 100. */
  readonly maxDeactivations: number;
  readonly rules: NameRules;
}

/** What a user of the directory is to be. */
export interface UserTarget {
  readonly entry: string;
  readonly username: string;
  readonly displayName: string;
  readonly email: string | null;
  readonly active: boolean;
  /** Sorted; only groups of this directory. */
  readonly groups: readonly string[];
}
