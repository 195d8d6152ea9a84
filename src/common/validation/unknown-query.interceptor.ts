import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { exchangeOf } from '../access/exchange.js';
import { invalidField } from '../http/problem.exception.js';

/** How much of a wrong name is repeated. */
const SHOWN_LENGTH = 64;

/**
 * Refuses a query on a route that knows none: a misspelt filter must not be taken for "no filter". Routes that have
 * one are checked by their DTO. Probes of health may add what they like.
 */
export class UnknownQueryInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const [name] = Object.keys(request.query as object);
    if (name !== undefined && exchangeOf(request).authenticated !== null && !takesQuery(context)) {
      throw invalidField(name.slice(0, SHOWN_LENGTH), 'is not a known query parameter here. Leave it out.');
    }
    return next.handle();
  }
}

/** Whether the handler has a parameter for the query. Nest keys each parameter by its kind and position: `4:1`. */
function takesQuery(context: ExecutionContext): boolean {
  const parameters: unknown = Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), context.getHandler().name);
  return Object.keys(parameters ?? {}).some((key) => key.startsWith(`${RouteParamtypes.QUERY}:`));
}
