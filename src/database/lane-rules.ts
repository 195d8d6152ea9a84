/** What a lane is for. Each has connections of its own, so that none waits for the work of another (R81). */
export type Lane = 'judging' | 'changes' | 'journal' | 'management' | 'lists';

/** What a lane may use. */
export interface LaneRule {
  /** Connections that are in use at the same time, at the most. */
  readonly connections: number;
  /** Callers that wait for one of them, at the most; one more is refused at once. */
  readonly waiting: number;
  /** How long a caller waits for its answer, from the moment of asking, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * The lanes of a process on a MySQL or MariaDB server; together they use up to 17 connections.
 * - judging: look-ups of tokens and sessions. A client waits for them, for two seconds at the most,
 *   the 0.2 seconds for Redis included.
 * - changes: the change log, the copies of the rules in memory, and readiness.
 * - journal: stores audit events and what else is written down apart from requests.
 * - management: changes by way of the management API, single rows, and the jobs in the background.
 * - lists: lists, searches, exports and verifications, which may take many rows each.
 */
export const LANES: Readonly<Record<Lane, LaneRule>> = {
  judging: { connections: 4, waiting: 1_000, timeoutMs: 1_700 },
  changes: { connections: 3, waiting: 100, timeoutMs: 10_000 },
  journal: { connections: 2, waiting: 100, timeoutMs: 10_000 },
  management: { connections: 5, waiting: 200, timeoutMs: 10_000 },
  lists: { connections: 3, waiting: 12, timeoutMs: 10_000 },
};
