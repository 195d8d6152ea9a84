import { ProblemException } from '../common/http/problem.exception.js';
import { driverErrorOf } from './driver-error.js';

/** Codes of the drivers for a database that cannot be used right now, whatever the statement. */
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

/** Errors that mysql2 has no name for, or that report a limit of the server. */
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

const CLOSED_CONNECTION = /closed state|connection is closed|Pool is closed|Server shutdown/i;

/** The request is neither allowed nor denied, but gets a 503. */
export class DatabaseUnavailableError extends ProblemException {
  /** @param detail for the caller: what became of the request, and what to do */
  constructor(cause: unknown, detail = 'The database cannot be reached. Try again later, or ask an administrator.') {
    super('policy_unavailable', detail);
    this.cause = cause;
    // For the log only: an answer contains the detail.
    this.message = `The database cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}`;
  }
}

/** It is unknown whether a transaction is stored. */
export class OutcomeUnknownError extends DatabaseUnavailableError {
  constructor(cause: unknown) {
    super(
      cause,
      'The database did not confirm the change. It may still take effect at any moment. Check whether it has, ' +
        'and repeat it if it has not.',
    );
  }
}

/** Refuses work at once that would wait too long. */
export class DatabaseBusyError extends ProblemException {
  constructor() {
    super(
      'policy_unavailable',
      'Too many requests of this kind wait for the database. Try again in a few seconds, and send fewer at the ' +
        'same time.',
    );
  }
}

export function isDatabaseUnavailable(error: unknown): boolean {
  const cause = driverErrorOf(error);
  if (!(cause instanceof Error)) return false;
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  if ('errno' in cause && UNAVAILABLE_NUMBERS.has(cause.errno)) return true;
  return UNAVAILABLE.has(code) || code.startsWith('SQLITE_IOERR') || CLOSED_CONNECTION.test(cause.message);
}

/** Whether the database refuses connections at once, so that callers do not wait. */
export function isConnectionRefused(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = causeOf(cause)) {
    if ('code' in cause && cause.code === 'ECONNREFUSED') return true;
  }
  return false;
}

function causeOf(error: Error): unknown {
  return 'driverError' in error && error.driverError !== error ? error.driverError : error.cause;
}
