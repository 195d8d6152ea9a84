import type { ExecutionContext } from '@nestjs/common';
import { METHOD_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import type { Door, RouteRules, StepUpFor } from '@scopegate/access';
import {
  BODY_FORMAT,
  BODY_LIMIT,
  CONCERNS_OWN_TOKEN,
  CREATES_TOKEN,
  NEEDS_STEP_UP,
  PASSWORD_LOGIN_ONLY,
  ROUTE_ACCESS,
  ROUTE_DOOR,
  ROUTE_SESSION,
  type BodyFormat,
  type RouteAccess,
} from '../common/access/route.decorators.js';
import { BODY_LIMITS } from '../common/http/body-limits.js';

function carries(context: ExecutionContext, key: string): boolean {
  return (
    Reflect.getMetadata(key, context.getHandler()) === true || Reflect.getMetadata(key, context.getClass()) === true
  );
}

/** Of the route or its controller; null if neither declares it. */
function declaredAccess(controller: object, handler: object): RouteAccess | null {
  const access: unknown = Reflect.getMetadata(ROUTE_ACCESS, handler) ?? Reflect.getMetadata(ROUTE_ACCESS, controller);
  return (access as RouteAccess | undefined) ?? null;
}

/** @throws Error if the route declares no access */
function accessOf(context: ExecutionContext): RouteAccess {
  const access = declaredAccess(context.getClass(), context.getHandler());
  if (access === null) throw new Error(`${context.getClass().name} has a route without a declared access.`);
  return access;
}

/** Such as `TokensController.listTokens`. */
export function routesWithoutAccess(controller: { readonly name: string; readonly prototype: object }): string[] {
  const prototype = controller.prototype as Readonly<Record<string, object>>;
  return Object.getOwnPropertyNames(prototype).flatMap((name) => {
    const handler = prototype[name];
    const isRoute = handler !== undefined && Reflect.hasMetadata(METHOD_METADATA, handler);
    return isRoute && declaredAccess(controller, handler) === null ? [`${controller.name}.${name}`] : [];
  });
}

export const isPublicRoute = (context: ExecutionContext): boolean => accessOf(context) === 'public';

export function routeRulesOf(context: ExecutionContext, method: string): RouteRules {
  const isRead = method === 'GET' || method === 'HEAD';
  return {
    createsToken: carries(context, CREATES_TOKEN),
    concernsOwnToken: carries(context, CONCERNS_OWN_TOKEN),
    needsPasswordLogin: !isRead && carries(context, PASSWORD_LOGIN_ONLY),
    administratorsOnly: accessOf(context) === 'administrators',
    introspects: accessOf(context) === 'introspectors',
    session: sessionUseOf(context),
    needsStepUp: isRead ? null : stepUpOf(context),
    scope: null,
  };
}

/** Of the route or its controller. */
function stepUpOf(context: ExecutionContext): StepUpFor | null {
  const who: unknown =
    Reflect.getMetadata(NEEDS_STEP_UP, context.getHandler()) ?? Reflect.getMetadata(NEEDS_STEP_UP, context.getClass());
  return (who as StepUpFor | undefined) ?? null;
}

function sessionUseOf(context: ExecutionContext): RouteRules['session'] {
  return (Reflect.getMetadata(ROUTE_SESSION, context.getHandler()) as RouteRules['session'] | undefined) ?? null;
}

export const opensSession = (context: ExecutionContext): boolean => sessionUseOf(context) === 'opens';

/** Null at the management API. */
export function doorOf(context: ExecutionContext): Door | null {
  return (Reflect.getMetadata(ROUTE_DOOR, context.getHandler()) as Door | undefined) ?? null;
}

/** Nest's keys for body and query parameters of a handler. */
const BODY_PARAMETER = '3:';
const QUERY_PARAMETER = '4:';

function takes(context: ExecutionContext, parameter: string): boolean {
  const parameters = Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), context.getHandler().name) as
    Readonly<Record<string, unknown>> | undefined;
  return Object.keys(parameters ?? {}).some((key) => key.startsWith(parameter));
}

export const takesQuery = (context: ExecutionContext): boolean => takes(context, QUERY_PARAMETER);

export const bodyFormatOf = (context: ExecutionContext): BodyFormat =>
  (Reflect.getMetadata(BODY_FORMAT, context.getHandler()) as BodyFormat | undefined) ?? 'json';

/** In bytes; null if the route reads no body. */
export function bodyLimitOf(context: ExecutionContext): number | null {
  if (!takes(context, BODY_PARAMETER)) return null;
  return (Reflect.getMetadata(BODY_LIMIT, context.getHandler()) as number | undefined) ?? BODY_LIMITS.small;
}
