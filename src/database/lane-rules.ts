/** A kind of work. Each has its own connections, so that no work waits for work of another kind (R81). */
export type Lane = 'judging' | 'changes' | 'journal' | 'management' | 'lists';

export interface LaneRule {
  readonly connections: number;
  /** The next caller is refused at once. */
  readonly waiting: number;
  readonly timeoutMs: number;
}

/**
 * The lanes of a process on a MySQL or MariaDB server; together they use up to 17 connections.
 * - judging: look-ups of tokens and sessions. A client waits for them, at most two seconds,
 *   the 0.2 seconds for Redis included.
 * - changes: the change log, the copies of the rules in memory, and readiness.
 * - journal: stores audit events and other records that are not part of a request.
 * - management: changes through the management API, single rows, and background jobs.
 * - lists: lists, searches, exports and verifications, which may take many rows each.
 */
export const LANES: Readonly<Record<Lane, LaneRule>> = {
  judging: { connections: 4, waiting: 1_000, timeoutMs: 1_700 },
  changes: { connections: 3, waiting: 100, timeoutMs: 10_000 },
  journal: { connections: 2, waiting: 100, timeoutMs: 10_000 },
  management: { connections: 5, waiting: 200, timeoutMs: 10_000 },
  lists: { connections: 3, waiting: 12, timeoutMs: 10_000 },
};
