import type { PathJudgement } from '@scopegate/path';
import { productOf } from '@scopegate/product';
import type { Admitted } from './decision.js';

/** R43, R53: one plausible reading of the path is REST. */
export function isBannedPath({ lenient }: PathJudgement): boolean {
  return lenient !== 'reject' && lenient.ban;
}

/**
 * Passwords can be disabled for all applications (R43) or denied for one (R42). Both ban them on REST paths, except at
 * the Remote API (R49). Outside of Atlassian's products, a denial bans them on every path.
 */
export function bansPassword({
  application,
  path,
  policy,
}: Pick<Admitted, 'application' | 'path' | 'policy'>): boolean {
  if (application === null || path === null) return false;
  const isDenied = application.passwords === 'deny';
  if (isDenied && !productOf(application.kind).isAtlassian) return true;
  const isExcepted = application.remoteApiPasswords && path.remoteApiRequest;
  return (isDenied || !policy.passwordsEnabled) && isBannedPath(path) && !isExcepted;
}
