import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { invalidField } from '../../common/http/problem.exception.js';
import { isPublicRoute, takesQuery } from '../route-metadata.js';

const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** More than any call needs: a hundred user names, and the others once. */
const MAX_PARAMETERS = 128;

/** For routes without query parameters; elsewhere the DTO refuses unknown ones. */
@Injectable()
export class QueryGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const query = (request.query as Readonly<Record<string, unknown>> | undefined) ?? {};
    const names = Object.keys(query);
    // A DTO would drop these names silently.
    const name = takesQuery(context) ? names.find((candidate) => FORBIDDEN_NAMES.has(candidate)) : names[0];
    if (isPublicRoute(context)) return true;
    // Later checks may not be linear (R112).
    if (countOf(query) > MAX_PARAMETERS) {
      throw invalidField('query', `must have at most ${MAX_PARAMETERS} parameters.`);
    }
    if (name === undefined) return true;
    throw invalidField(name, 'is not a known query parameter: this call takes none.');
  }
}

/** Repeated parameters come as lists. */
function countOf(query: Readonly<Record<string, unknown>>): number {
  return Object.values(query).reduce<number>((sum, value) => sum + (Array.isArray(value) ? value.length : 1), 0);
}
