import type { Hold, SyncConflict } from '@scopegate/directory';
import type { DirectoryDocument } from './directory-document.js';
import type { DirectoryEntity } from './directory.entity.js';

/** A held synchronisation. */
export interface WaitingSync extends Hold {
  readonly sinceMs: number;
  /** Of the ids of the users it would deactivate: what is confirmed is what was shown. */
  readonly fingerprint: string;
}

export interface DirectoryStatus {
  readonly lastSyncAtMs: number | null;
  readonly lastSuccessAtMs: number | null;
  readonly failure: string | null;
  readonly waiting: WaitingSync | null;
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
