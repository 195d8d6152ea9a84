import type { Configuration } from '../../config/env.js';

/**
 * How long each step of a stop may take after draining and the requests under way, in milliseconds. What a frozen
 * database or a silent receiver does not take in that time stays in the journal, and the process ends.
 */
export const STOP_LIMITS = {
  /** Requests whose client has gone away, and that are still judged or carried out. */
  judging: 1_000,
  /** Connections to the upstreams. */
  upstreams: 500,
  /** Jobs in the background, such as the purge. */
  background: 1_000,
  /** Audit events that wait for the database. */
  audit: 4_000,
  /** Audit events that wait for the receivers of the streams. */
  streams: 3_000,
  /** Connections to the database and to Redis. */
  connections: 1_500,
} as const;

/** A worker gets this much longer than its deadline, because it can best say what it leaves. */
const MARGIN_MS = 3_000;

type StopTimes = Pick<Configuration, 'drainMs' | 'stopMs'>;

/** Cutting the requests takes a moment. */
export const CUT_MS = 500;

/**
 * The longest that draining takes, in milliseconds. A load balancer that still sends requests has not noticed yet: by
 * default HAProxy takes six seconds, one more than our default.
 */
export function longestDrainMs({ drainMs }: Pick<StopTimes, 'drainMs'>): number {
  return Math.round(drainMs * 1.4);
}

/** The longest that the stop of one process takes, in milliseconds. */
export function stopDeadlineMs(times: StopTimes): number {
  const requestsMs = longestDrainMs(times) + times.stopMs + CUT_MS;
  return requestsMs + Object.values(STOP_LIMITS).reduce((sum, limitMs) => sum + limitMs, 0);
}

/** After this time, in milliseconds, a process is killed that should have ended by its own deadline. */
export function stopPatienceMs(times: StopTimes): number {
  return stopDeadlineMs(times) + MARGIN_MS;
}
