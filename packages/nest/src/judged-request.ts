import type { ExecutionContext } from '@nestjs/common';
import type { ScopegateCaller } from './decision.js';

/** Callers by what a handler gets: null where the route is public. */
const callers = new WeakMap<object, ScopegateCaller | null>();

/** What stands for a request in a context: the request, the context of GraphQL, or the client of a WebSocket. */
export function placeOf(context: ExecutionContext): object {
  const place: unknown = context.getArgByIndex(context.getType<string>() === 'graphql' ? 2 : 0);
  if (typeof place === 'object' && place !== null) return place;
  throw new TypeError(`ScopegateGuard: this context has no request.`);
}

export function rememberCaller(context: ExecutionContext, caller: ScopegateCaller | null): void {
  callers.set(placeOf(context), caller);
}

/** @throws Error where no guard has judged */
export function callerOf(context: ExecutionContext): ScopegateCaller | null {
  const caller = callers.get(placeOf(context));
  if (caller !== undefined) return caller;
  throw new Error('@Caller() needs the ScopegateGuard on this route.');
}
