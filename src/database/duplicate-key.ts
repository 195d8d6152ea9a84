import { driverErrorOf } from './driver-error.js';

/** ER_DUP_ENTRY (1062) in MySQL and MariaDB, SQLITE_CONSTRAINT_UNIQUE or _PRIMARYKEY in SQLite. */
export function isDuplicateKey(error: unknown): boolean {
  const cause = driverErrorOf(error);
  if (!(cause instanceof Error)) return false;
  const code = 'code' in cause ? cause.code : undefined;
  if (code === 'ER_DUP_ENTRY' || code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY') {
    return true;
  }
  if ('errno' in cause && cause.errno === 1062) return true;
  // Some builds of the embedded driver give only the general code.
  return code === 'SQLITE_CONSTRAINT' && cause.message.includes('UNIQUE constraint failed');
}
