import { driverErrorOf } from './driver-error.js';

/**
 * Whether the server rolled a transaction back because it and another one waited for each other (InnoDB's deadlock,
 * 1213): nothing of it is stored, and it can be tried again. Parallel changes cause it; it is not an error.
 */
export function isDeadlock(error: unknown): boolean {
  const cause = driverErrorOf(error);
  return cause instanceof Error && 'errno' in cause && cause.errno === 1213;
}
