import type { DatabaseConfiguration } from '../config/database-configuration.js';
import { ConfigurationError } from '../config/env.js';
import { openingOf } from './dialect/index.js';
import { driverErrorOf } from './driver-error.js';

/**
 * Says in one line what is wrong with the database at the start, if the person who starts the server can mend it: a
 * file or a right. Every other error stays as it is.
 */
export function explainDatabaseFailure(error: unknown, database: DatabaseConfiguration): unknown {
  if (error instanceof ConfigurationError) return error;
  const cause = driverErrorOf(error);
  if (!(cause instanceof Error)) return error;
  const text = openingOf(database).failureText(cause, 'code' in cause ? String(cause.code) : '');
  return text === null ? error : new ConfigurationError(text);
}
