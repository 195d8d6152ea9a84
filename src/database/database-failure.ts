import type { DatabaseConfiguration } from '../config/database-configuration.js';
import { ConfigurationError } from '../config/environment.reader.js';
import { openingOf } from './dialect/index.js';
import { driverErrorOf } from './driver-error.js';

/** Explains in one line an error at the start that the operator can fix. Other errors stay as they are. */
export function explainDatabaseFailure(error: unknown, database: DatabaseConfiguration): unknown {
  if (error instanceof ConfigurationError) return error;
  const cause = driverErrorOf(error);
  if (!(cause instanceof Error)) return error;
  const text = openingOf(database).failureText(cause, 'code' in cause ? String(cause.code) : '');
  return text === null ? error : new ConfigurationError(text);
}
