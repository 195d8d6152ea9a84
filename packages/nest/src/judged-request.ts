import type { ExecutionContext } from '@nestjs/common';
import type { ScopegateCaller } from './decision.js';

const callers = new WeakMap<object, ScopegateCaller>();

/** What stands for a request in a context: the request, the context of GraphQL, or the client of a WebSocket. */
export function placeOf(context: ExecutionContext): object {
  const place: unknown = context.getArgByIndex(context.getType<string>() === 'graphql' ? 2 : 0);
  if (typeof place === 'object' && place !== null) return place;
  throw new TypeError('ScopegateGuard: this context has no request.');
}

export function rememberCaller(context: ExecutionContext, caller: ScopegateCaller): void {
  callers.set(placeOf(context), caller);
}

/** @throws Error where no guard has judged */
export function judgedCaller(context: ExecutionContext): ScopegateCaller {
  const caller = callers.get(placeOf(context));
  if (caller !== undefined) return caller;
  throw new Error('@Caller() needs the ScopegateGuard on this route.');
}
