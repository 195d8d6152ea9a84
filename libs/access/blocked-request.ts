import type { BlockedMethods, BlockedReach, PathJudgement } from '@scopegate/path';
import type { BodyOverrides } from '@scopegate/scope';
import type { ApplicationRules, RequestFacts } from './facts.js';
import { copies, hidesMethod, methodsIn, overridingMethodsOfHead } from './request-methods.js';

type Place = { readonly path: PathJudgement | null; readonly application: ApplicationRules | null };

/** R124: a pattern reaches the path, and has the method or one that overrides it. */
export function isBlocked(request: RequestFacts, place: Place): boolean {
  if (copies(request) && isBlockedTree(place)) return true;
  const blocked = blockedMethods(place);
  if (blocked === null || blocked === 'every') return blocked !== null;
  return blocked.has(request.method) || overridingMethodsOfHead(request).some((method) => blocked.has(method));
}

/** R124: a POST to a path that is blocked for another method may name that method in its body. */
export function mayBecomeBlocked(request: RequestFacts, place: Place): boolean {
  return request.method === 'POST' && request.head.announcesBody && blockedMethods(place) !== null;
}

/** @param overrides undefined before the body has been read */
export function isBlockedByBody(request: RequestFacts, place: Place, overrides: BodyOverrides | undefined): boolean {
  if (copies(request, overrides) && isBlockedTree(place)) return true;
  if (!mayBecomeBlocked(request, place)) return false;
  const blocked = blockedMethods(place);
  return (
    hidesMethod(request, overrides) ||
    methodsIn(overrides).some((method) => blocked === 'every' || blocked?.has(method) === true)
  );
}

/** COPY and MOVE read everything below the path, and leave it where it is not blocked. MOVE deletes it here. */
function isBlockedTree(place: Place): boolean {
  const blocked = blockedMethods(place, 'tree');
  return blocked === 'every' || blocked?.has('GET') === true || blocked?.has('DELETE') === true;
}

function blockedMethods({ path, application }: Place, reach: BlockedReach = 'path'): BlockedMethods {
  return path?.strict.ok === true && application !== null
    ? application.blockedPaths.methodsAt(path.strict.canonical, reach)
    : null;
}
