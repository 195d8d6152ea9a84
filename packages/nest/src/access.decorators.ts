import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Scope, ScopegateCaller } from './decision.js';
import { judgedCaller } from './judged-request.js';

/** What a route says of itself: open to everyone, or the scope that it asks of a token. */
export type RouteAccess = 'public' | Scope;

/** The key of the metadata. */
const ROUTE_ACCESS = 'scopegate:access';

const SCOPES: readonly string[] = ['read-only', 'read-write'] satisfies readonly Scope[];

/** The route, or every route of the class, is open to everyone: Scopegate is not asked. */
export function Public(): ClassDecorator & MethodDecorator {
  return declareAccess('public');
}

/**
 * What the route, or every route of the class, asks of a token, whatever its method. A decorator of a method counts more
 * than that of its class.
 */
export function RequireScope(scope: Scope): ClassDecorator & MethodDecorator {
  if (!SCOPES.includes(scope)) throw new TypeError('@RequireScope() takes "read-only" or "read-write".');
  return declareAccess(scope);
}

/**
 * The user that the token of the request acts for, as a {@link ScopegateCaller}; null on a `@Public()` route.
 * @throws Error on a route that no ScopegateGuard has judged
 */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext) => callerOf(context));

/** What the route of a context says of itself; undefined if it says nothing. */
export function routeAccessOf(context: ExecutionContext): RouteAccess | undefined {
  for (const place of [context.getHandler(), context.getClass()]) {
    const access = Reflect.getMetadata(ROUTE_ACCESS, place) as RouteAccess | undefined;
    if (access !== undefined) return access;
  }
  return undefined;
}

/** @throws Error on a route that no guard has judged */
export function callerOf(context: ExecutionContext): ScopegateCaller | null {
  return routeAccessOf(context) === 'public' ? null : judgedCaller(context);
}

function declareAccess(access: RouteAccess): ClassDecorator & MethodDecorator {
  return (target: object, _name?: string | symbol, descriptor?: PropertyDescriptor): void => {
    const place: unknown = descriptor?.value ?? target;
    if (typeof place !== 'function') throw new TypeError('@Public() and @RequireScope() are for classes and methods.');
    // Two on one place contradict each other; which one would count depended on their order.
    if (Reflect.hasOwnMetadata(ROUTE_ACCESS, place)) {
      throw new Error(`${place.name} has more than one @Public() or @RequireScope().`);
    }
    Reflect.defineMetadata(ROUTE_ACCESS, access, place);
  };
}
