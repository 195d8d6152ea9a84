import type { ExecutionContext } from '@nestjs/common';
import { ADMINISTRATORS_ONLY, CREATES_TOKEN, PUBLIC_ROUTE } from '../common/access/route.decorators.js';

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
