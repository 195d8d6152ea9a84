import { driverErrorOf } from './driver-error.js';

/**
 * Whether the server took a transaction back because it and another one waited for each other (InnoDB's deadlock,
 * 1213): nothing of it is stored, and it can be tried again. It happens under parallel changes, and is no fault.
 */
export function isDeadlock(error: unknown): boolean {
  const cause = driverErrorOf(error);
  return cause instanceof Error && 'errno' in cause && cause.errno === 1213;
}
