import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { invalidField } from '../../common/http/problem.exception.js';
import { isPublicRoute, takesQuery } from '../route-metadata.js';

/** Names that reach an object's prototype. */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** No call takes as many: a hundred user names, and one of each other parameter. */
const MAX_PARAMETERS = 128;

/** Refuses query parameters on routes that take none; where a route takes some, its DTO refuses the rest. */
@Injectable()
export class QueryGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const query = (request.query as Readonly<Record<string, unknown>> | undefined) ?? {};
    const names = Object.keys(query);
    // Where a DTO would leave these names out without a word, they are no more known than others.
    const name = takesQuery(context) ? names.find((candidate) => FORBIDDEN_NAMES.has(candidate)) : names[0];
    if (isPublicRoute(context)) return true;
    // What looks at them later need not be linear in their number (R112).
    if (countOf(query) > MAX_PARAMETERS) {
      throw invalidField('query', `must have at most ${MAX_PARAMETERS} parameters.`);
    }
    if (name === undefined) return true;
    throw invalidField(name, 'is not a known query parameter: this call takes none.');
  }
}

/** How many parameters were sent; one that stands there several times is a list. */
function countOf(query: Readonly<Record<string, unknown>>): number {
  return Object.values(query).reduce<number>((sum, value) => sum + (Array.isArray(value) ? value.length : 1), 0);
}
