import type { ExecutionContext } from '@nestjs/common';
import { METHOD_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import type { RouteRules } from '@scopegate/access';
import {
  BODY_LIMIT,
  CREATES_TOKEN,
  PASSWORD_LOGIN_ONLY,
  ROUTE_ACCESS,
  type RouteAccess,
} from '../common/access/route.decorators.js';
import { BODY_LIMITS } from '../common/http/body-limits.js';

/** Whether the route, or its whole controller, carries this metadata. */
function carries(context: ExecutionContext, key: string): boolean {
  return (
    Reflect.getMetadata(key, context.getHandler()) === true || Reflect.getMetadata(key, context.getClass()) === true
  );
}

/** Who may call a route. A route says it for itself, or its controller does; null where neither does. */
function declaredAccess(controller: object, handler: object): RouteAccess | null {
  const access: unknown = Reflect.getMetadata(ROUTE_ACCESS, handler) ?? Reflect.getMetadata(ROUTE_ACCESS, controller);
  return (access as RouteAccess | undefined) ?? null;
}

/** @throws Error where the route declares no access: it is refused */
function accessOf(context: ExecutionContext): RouteAccess {
  const access = declaredAccess(context.getClass(), context.getHandler());
  if (access === null) throw new Error(`${context.getClass().name} has a route without a declared access.`);
  return access;
}

/** The routes of a controller that do not declare who may call them: `TokensController.listTokens`. */
export function routesWithoutAccess(controller: { readonly name: string; readonly prototype: object }): string[] {
  const prototype = controller.prototype as Readonly<Record<string, object>>;
  return Object.getOwnPropertyNames(prototype).flatMap((name) => {
    const handler = prototype[name];
    const isRoute = handler !== undefined && Reflect.hasMetadata(METHOD_METADATA, handler);
    return isRoute && declaredAccess(controller, handler) === null ? [`${controller.name}.${name}`] : [];
  });
}

/** Whether a management route needs no credential. */
export const isPublicRoute = (context: ExecutionContext): boolean => accessOf(context) === 'public';

/** What a management route demands of a request with this method. */
export function routeRulesOf(context: ExecutionContext, method: string): RouteRules {
  const isRead = method === 'GET' || method === 'HEAD';
  return {
    createsToken: carries(context, CREATES_TOKEN),
    needsPasswordLogin: !isRead && carries(context, PASSWORD_LOGIN_ONLY),
    administratorsOnly: accessOf(context) === 'administrators',
  };
}

/** Nest's numbers for the parameters of a handler that are read from the body and from the query. */
const BODY_PARAMETER = '3:';
const QUERY_PARAMETER = '4:';

function takes(context: ExecutionContext, parameter: string): boolean {
  const parameters = Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), context.getHandler().name) as
    Readonly<Record<string, unknown>> | undefined;
  return Object.keys(parameters ?? {}).some((key) => key.startsWith(parameter));
}

/** Whether a management route reads query parameters. */
export const takesQuery = (context: ExecutionContext): boolean => takes(context, QUERY_PARAMETER);

/** The most bytes a management route takes as its body; null where it reads none. */
export function bodyLimitOf(context: ExecutionContext): number | null {
  if (!takes(context, BODY_PARAMETER)) return null;
  return (Reflect.getMetadata(BODY_LIMIT, context.getHandler()) as number | undefined) ?? BODY_LIMITS.small;
}
