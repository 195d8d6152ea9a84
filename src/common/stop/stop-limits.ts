import type { Configuration } from '../../config/env.js';

/**
 * Milliseconds for each step after draining and open requests. Events that a database or receiver does not take in time
 * stay in the journal.
 */
export const STOP_LIMITS = {
  /** Requests whose client has gone, while they are still judged or carried out. */
  judging: 1_000,
  upstreams: 500,
  /** Such as the purge. */
  background: 1_000,
  /** Events for the database. */
  audit: 4_000,
  /** Events for the receivers of the streams. */
  streams: 3_000,
  /** The database and Redis. */
  connections: 1_500,
} as const;

/** More than the worker's own deadline, so that the worker itself can report what it leaves. */
const MARGIN_MS = 3_000;

type StopTimes = Pick<Configuration, 'drainMs' | 'stopMs'>;

/** Time for cutting the requests. */
export const CUT_MS = 500;

/** Milliseconds. A load balancer needs time to notice: HAProxy six seconds by default, one more than our default. */
export function longestDrainMs({ drainMs }: Pick<StopTimes, 'drainMs'>): number {
  return Math.round(drainMs * 1.4);
}

/** Milliseconds, for one process. */
export function stopDeadlineMs(times: StopTimes): number {
  const requestsMs = longestDrainMs(times) + times.stopMs + CUT_MS;
  return requestsMs + Object.values(STOP_LIMITS).reduce((sum, limitMs) => sum + limitMs, 0);
}

/** Milliseconds after which a process is killed. */
export function stopPatienceMs(times: StopTimes): number {
  return stopDeadlineMs(times) + MARGIN_MS;
}
