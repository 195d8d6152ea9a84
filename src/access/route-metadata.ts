import type { ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import {
  ADMINISTRATORS_ONLY,
  BODY_LIMIT,
  CREATES_TOKEN,
  PASSWORD_LOGIN_ONLY,
  PUBLIC_ROUTE,
} from '../common/access/route.decorators.js';
import { BODY_LIMITS } from '../common/http/body-limits.js';

/** Whether the route, or its whole controller, carries this metadata. */
function carries(context: ExecutionContext, key: string): boolean {
  return (
    Reflect.getMetadata(key, context.getHandler()) === true || Reflect.getMetadata(key, context.getClass()) === true
  );
}

/** Whether a management route answers everybody. */
export const isPublicRoute = (context: ExecutionContext): boolean => carries(context, PUBLIC_ROUTE);

/** Whether a management route is for administrators alone. */
export const isForAdministrators = (context: ExecutionContext): boolean => carries(context, ADMINISTRATORS_ONLY);

/** Whether a management route creates a token (R05). */
export const createsToken = (context: ExecutionContext): boolean => carries(context, CREATES_TOKEN);

/** Whether a management route refuses tokens, unless the request reads (R125). */
export const needsPasswordLogin = (context: ExecutionContext, method: string): boolean =>
  method !== 'GET' && method !== 'HEAD' && carries(context, PASSWORD_LOGIN_ONLY);

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
