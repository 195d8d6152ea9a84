import type { EntityManager } from 'typeorm';
import { LANES, type Lane } from './lane-rules.js';
import { TimeLimit } from './time-limit.js';

/** Which connections something uses, and how long its caller waits. */
export interface DatabaseUse {
  /** The management API's by default. */
  readonly lane?: Lane;
  /** In milliseconds; that of the lane by default. */
  readonly timeoutMs?: number;
}

/** Work on one connection. */
export type DatabaseWork<Result> = (manager: EntityManager) => Promise<Result>;

/** The connections of one process to the database. What is not answered in time fails, and frees its connection (R81). */
export interface DatabaseLanes {
  /** For reads: they see what is stored, and no unfinished transaction. */
  read<Result>(use: DatabaseUse, work: DatabaseWork<Result>): Promise<Result>;
  /** For a transaction. */
  write<Result>(use: DatabaseUse, work: DatabaseWork<Result>): Promise<Result>;
  /** Ends the connections that are not in use. Later calls still get an answer. */
  close(): Promise<void>;
}

export function limitOf({ lane = 'management', timeoutMs }: DatabaseUse): TimeLimit {
  return new TimeLimit(timeoutMs ?? LANES[lane].timeoutMs);
}
