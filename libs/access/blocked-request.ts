import { bodyKindOf } from '@scopegate/kernel';
import type { BlockedMethods, PathJudgement } from '@scopegate/path';
import { overridingMethodsOfQuery, type BodyOverrides } from '@scopegate/scope';
import type { ApplicationRules, RequestFacts } from './facts.js';

/** The methods that the head asks to be treated as (R12). */
export function overridingMethodsOfHead({ head, query }: RequestFacts): readonly string[] {
  return query === null ? head.overridingMethods : [...head.overridingMethods, ...overridingMethodsOfQuery(query)];
}

/** R124: a pattern reaches the path, and has the method or one that overrides it. */
export function isBlocked(
  request: RequestFacts,
  path: PathJudgement | null,
  application: ApplicationRules | null,
): boolean {
  const blocked = blockedMethods(path, application);
  if (blocked === null || blocked === 'every') return blocked !== null;
  return blocked.has(request.method) || overridingMethodsOfHead(request).some((method) => blocked.has(method));
}

/** R124: a POST to a path that is blocked for another method may name that method in its body. */
export function mayBecomeBlocked(
  request: RequestFacts,
  path: PathJudgement | null,
  application: ApplicationRules | null,
): boolean {
  return request.method === 'POST' && request.head.announcesBody && blockedMethods(path, application) !== null;
}

/** @param overrides undefined before the body has been read */
export function isBlockedByBody(
  request: RequestFacts,
  path: PathJudgement | null,
  application: ApplicationRules | null,
  overrides: BodyOverrides | undefined,
): boolean {
  if (!mayBecomeBlocked(request, path, application)) return false;
  // A multipart body is not searched.
  if (overrides === 'unreadable' || bodyKindOf(request.head.lines) === 'multipart') return true;
  const blocked = blockedMethods(path, application);
  return overrides?.some((method) => blocked === 'every' || blocked?.has(method)) === true;
}

function blockedMethods(path: PathJudgement | null, application: ApplicationRules | null): BlockedMethods {
  return path?.strict.ok === true && application !== null
    ? application.blockedPaths.methodsAt(path.strict.canonical)
    : null;
}
