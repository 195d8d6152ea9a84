import { ProblemException } from '../common/http/problem.exception.js';
import { driverErrorOf } from './driver-error.js';

/** Codes of the drivers that say nothing of the statement, but that the database cannot be worked with right now. */
const UNAVAILABLE: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'ER_CON_COUNT_ERROR',
  'ER_SERVER_SHUTDOWN',
  'ER_CONNECTION_KILLED',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_RECORD_FILE_FULL',
  'ER_DISK_FULL',
  'SQLITE_BUSY',
  'SQLITE_LOCKED',
  'SQLITE_FULL',
  'SQLITE_CANTOPEN',
  'SQLITE_READONLY',
]);

/** Errors of the server that mysql2 has no name for, or that name a limit of the server's own. */
const UNAVAILABLE_NUMBERS: ReadonlySet<unknown> = new Set([
  1129, // Host is blocked because of many connection errors.
  1203, // More connections of this user than the server allows.
  1226, // The user has exceeded a limit of its account.
  1317, // The query was interrupted.
  1836, // The server only reads.
  1927, // The connection was killed (MariaDB).
  1969, // The statement took longer than max_statement_time (MariaDB).
  3024, // The statement took longer than max_execution_time (MySQL).
]);

/** What mysql2 says without a code. */
const CLOSED_CONNECTION = /closed state|connection is closed|Pool is closed|Server shutdown/i;

/** The database cannot be asked: what depends on it is neither allowed nor denied, but a 503. */
export class DatabaseUnavailableError extends ProblemException {
  /** @param detail for the caller: what has become of what was asked, and what to do */
  constructor(cause: unknown, detail = 'The database cannot be reached. Try again later, or ask an administrator.') {
    super('policy_unavailable', detail);
    this.cause = cause;
    // For the log alone: an answer holds the detail.
    this.message = `The database cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}`;
  }
}

/** A transaction was to be stored, and nothing could be found out about whether it is. */
export class OutcomeUnknownError extends DatabaseUnavailableError {
  constructor(cause: unknown) {
    super(
      cause,
      'The database did not confirm the change. It may still take effect at any moment. Check whether it has, ' +
        'and repeat it if it has not.',
    );
  }
}

/** As much is asked of the database as it is let do at a time: what comes on top is refused, and nothing waits in vain. */
export class DatabaseBusyError extends ProblemException {
  constructor() {
    super(
      'policy_unavailable',
      'Too many requests of this kind wait for the database. Try again in a few seconds, and send fewer at the ' +
        'same time.',
    );
  }
}

/** Whether a failure is one of the database itself, and not of what it was asked. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const cause = driverErrorOf(error);
  if (!(cause instanceof Error)) return false;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  if ('errno' in cause && UNAVAILABLE_NUMBERS.has(cause.errno)) return true;
  return UNAVAILABLE.has(code) || code.startsWith('SQLITE_IOERR') || CLOSED_CONNECTION.test(cause.message);
}

/** Whether the database says at once that nobody is there, and is not one that leaves its callers waiting. */
export function isConnectionRefused(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = causeOf(cause)) {
    if ('code' in cause && cause.code === 'ECONNREFUSED') return true;
  }
  return false;
}

function causeOf(error: Error): unknown {
  return 'driverError' in error && error.driverError !== error ? error.driverError : error.cause;
}
