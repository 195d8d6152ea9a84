import type { Hold, SyncConflict } from '@scopegate/directory';
import type { DirectoryDocument } from './directory-document.js';
import type { DirectoryEntity } from './directory.entity.js';

/** More are not stored: a directory with the names of another one would have 100,000 in one value. */
export const MAX_CONFLICTS = 1_000;

/** A held synchronisation. */
export interface WaitingSync extends Hold {
  readonly sinceMs: number;
  /** Of the users it would deactivate and the groups it would empty: what is confirmed is what was shown. */
  readonly fingerprint: string;
}

export interface DirectoryStatus {
  readonly lastSyncAtMs: number | null;
  readonly lastSuccessAtMs: number | null;
  readonly failure: string | null;
  readonly waiting: WaitingSync | null;
  /** The first `MAX_CONFLICTS`. */
  readonly conflicts: readonly SyncConflict[];
  readonly userCount: number;
  readonly groupCount: number;
}

export interface StoredDirectory {
  readonly key: string;
  readonly version: number;
  readonly document: DirectoryDocument;
  readonly sealedPassword: string | null;
  readonly createdAtMs: number;
  readonly status: DirectoryStatus;
}

export function toStored(row: DirectoryEntity): StoredDirectory {
  return {
    key: row.key,
    version: row.version,
    document: row.body as DirectoryDocument,
    sealedPassword: row.sealedPassword,
    createdAtMs: row.createdAtMs,
    status: {
      lastSyncAtMs: row.lastSyncAtMs,
      lastSuccessAtMs: row.lastSuccessAtMs,
      failure: row.failure,
      waiting: row.waiting as WaitingSync | null,
      conflicts: (row.conflicts ?? []) as readonly SyncConflict[],
      userCount: row.userCount,
      groupCount: row.groupCount,
    },
  };
}
