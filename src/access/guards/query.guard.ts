import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { invalidField } from '../../common/http/problem.exception.js';
import { isPublicRoute, takesQuery } from '../route-metadata.js';

/** Names that reach an object's prototype. */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Refuses query parameters on routes that take none; where a route takes some, its DTO refuses the rest. */
@Injectable()
export class QueryGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const names = Object.keys((request.query as object | undefined) ?? {});
    // Where a DTO would leave these names out without a word, they are no more known than others.
    const name = takesQuery(context) ? names.find((candidate) => FORBIDDEN_NAMES.has(candidate)) : names[0];
    if (name === undefined || isPublicRoute(context)) return true;
    throw invalidField(name, 'is not a known query parameter: this call takes none.');
  }
}
