import type { ExecutionContext } from '@nestjs/common';
import type { ScopegateCaller } from './decision.js';

/** By what stands for the request, then by what has the caller there: {@link holderOf}. */
const callers = new WeakMap<object, Map<unknown, ScopegateCaller>>();

/** What stands for a request in a context: the request, the context of GraphQL, or the client of a WebSocket. */
export function placeOf(context: ExecutionContext): object {
  const place: unknown = context.getArgByIndex(context.getType<string>() === 'graphql' ? 2 : 0);
  if (typeof place === 'object' && place !== null) return place;
  throw new TypeError('ScopegateGuard: this context has no request.');
}

export function rememberCaller(context: ExecutionContext, caller: ScopegateCaller): void {
  const place = placeOf(context);
  const held = callers.get(place) ?? new Map<unknown, ScopegateCaller>();
  callers.set(place, held.set(holderOf(context), caller));
}

/** Forgets the caller of an earlier message that the same handler got. */
export function forgetCaller(context: ExecutionContext): void {
  callers.get(placeOf(context))?.delete(holderOf(context));
}

/** @throws Error where no guard has judged */
export function judgedCaller(context: ExecutionContext): ScopegateCaller {
  const caller = callers.get(placeOf(context))?.get(holderOf(context));
  if (caller !== undefined) return caller;
  throw new Error('@Caller() needs the ScopegateGuard on this route.');
}

/**
 * The client of a WebSocket outlives its messages. So each handler has its own caller there, and one without a guard
 * gets none. A request, and the context of GraphQL with all its fields, has one caller.
 */
function holderOf(context: ExecutionContext): unknown {
  return context.getType<string>() === 'ws' ? context.getHandler() : null;
}
