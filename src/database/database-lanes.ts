import type { EntityManager } from 'typeorm';
import { LANES, type Lane } from './lane-rules.js';
import { TimeLimit } from './time-limit.js';

export interface DatabaseUse {
  /** `management` by default. */
  readonly lane?: Lane;
  /** That of the lane by default. */
  readonly timeoutMs?: number;
}

export type DatabaseWork<Result> = (manager: EntityManager) => Promise<Result>;

/** The connections of one process to the database. Work that takes too long fails, and frees its connection (R81). */
export interface DatabaseLanes {
  /** For reads: they see no unfinished transaction. */
  read<Result>(use: DatabaseUse, work: DatabaseWork<Result>): Promise<Result>;
  write<Result>(use: DatabaseUse, work: DatabaseWork<Result>): Promise<Result>;
  /** Ends the connections that are not in use. Later calls still get an answer. */
  close(): Promise<void>;
}

export function limitOf({ lane = 'management', timeoutMs }: DatabaseUse): TimeLimit {
  return new TimeLimit(timeoutMs ?? LANES[lane].timeoutMs);
}
