import { driverErrorOf } from './driver-error.js';

export function isDeadlock(error: unknown): boolean {
  const cause = driverErrorOf(error);
  return cause instanceof Error && 'errno' in cause && cause.errno === 1213;
}
