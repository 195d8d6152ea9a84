import { bodyKindOf } from '@scopegate/kernel';
import { overridingMethodsOfQuery, type BodyOverrides } from '@scopegate/scope';
import type { RequestFacts } from './facts.js';

/** The methods that the head asks to be treated as (R12). */
export function overridingMethodsOfHead({ head, query }: RequestFacts): readonly string[] {
  return query === null ? head.overridingMethods : [...head.overridingMethods, ...overridingMethodsOfQuery(query)];
}

/** They read a tree of resources, and write another one (RFC 4918 9.8, 9.9). */
function isCopyingMethod(method: string): boolean {
  return method === 'COPY' || method === 'MOVE';
}

/**
 * R115: copies or moves, by its method, or with a destination by a method that overrides it.
 * @param bodyOverrides undefined before the body has been read
 */
export function copies(request: RequestFacts, bodyOverrides?: BodyOverrides): boolean {
  if (isCopyingMethod(request.method)) return true;
  if (request.head.destinations.length === 0) return false;
  if (overridingMethodsOfHead(request).some(isCopyingMethod)) return true;
  if (!mayCopyByBody(request)) return false;
  return hidesMethod(request, bodyOverrides) || methodsIn(bodyOverrides).some(isCopyingMethod);
}

/** A POST may ask in its body to be another method (R12). */
export function mayCopyByBody({ method, head }: RequestFacts): boolean {
  return method === 'POST' && head.announcesBody && head.destinations.length > 0;
}

/** The body may ask for any method: it cannot be read, or is multipart, which is not searched. */
export function hidesMethod({ head }: RequestFacts, bodyOverrides: BodyOverrides | undefined): boolean {
  return bodyOverrides === 'unreadable' || bodyKindOf(head.lines) === 'multipart';
}

export function methodsIn(bodyOverrides: BodyOverrides | undefined): readonly string[] {
  return bodyOverrides === undefined || bodyOverrides === 'unreadable' ? [] : bodyOverrides;
}
