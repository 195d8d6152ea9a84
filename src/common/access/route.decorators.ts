import { applyDecorators, createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExcludeEndpoint, ApiExtension } from '@nestjs/swagger';
import type { Authenticated } from '@scopegate/access';
import { exchangeOf } from './exchange.js';

/** Who may call a management route: everyone, everyone with a credential, or members of the group `administrators` (R63). */
export type RouteAccess = 'public' | 'authenticated' | 'administrators';

/** The metadata that holds the `RouteAccess` of a route or of a whole controller. The server does not start without it. */
export const ROUTE_ACCESS = 'scopegate:route-access';

/** The metadata of the routes that create a token, which a read-only token may POST to (R05). */
export const CREATES_TOKEN = 'scopegate:creates-token';

/** The metadata of the routes where a token may only read (R125). */
export const PASSWORD_LOGIN_ONLY = 'scopegate:password-login-only';

/** The extension of the OpenAPI document for these routes; `document.ts` then leaves the token out of the operation. */
export const PASSWORD_LOGIN_EXTENSION = 'x-password-login-only';

/** The metadata of a route with a body limit of its own. */
export const BODY_LIMIT = 'scopegate:body-limit';

/** Sets who may call a route that is public or not part of the API document. `ApiRoute` does it for all others. */
export const Access = (access: RouteAccess): MethodDecorator & ClassDecorator => SetMetadata(ROUTE_ACCESS, access);

/** The route that creates a token: the exception of R05. */
export const CreatesToken = (): MethodDecorator => SetMetadata(CREATES_TOKEN, true);

/**
 * Passwords, users and members of groups: a token may read there at most, whatever its scope and whoever owns it (R125). On a
 * controller, it holds for every route that does not read, the ones to come included.
 */
export const PasswordLoginOnly = (): MethodDecorator & ClassDecorator =>
  applyDecorators(SetMetadata(PASSWORD_LOGIN_ONLY, true), ApiExtension(PASSWORD_LOGIN_EXTENSION, true));

/** A route that passes the guards and then refuses. Its method is not listed in `Allow`. */
export const RefusingRoute = (): MethodDecorator =>
  applyDecorators(Access('authenticated'), ApiExcludeEndpoint(), RouteConfig({ isRefusing: true }));

/** The most bytes that the body of this route may have (R112); `ApiRoute` sets and documents it. */
export const BodyLimit = (bytes: number): MethodDecorator => SetMetadata(BODY_LIMIT, bytes);

/** The authenticated caller of a management route. */
export const CurrentCaller = createParamDecorator((_data: unknown, context: ExecutionContext): Authenticated => {
  const caller = exchangeOf(context.switchToHttp().getRequest()).authenticated;
  if (caller === null) throw new Error('A route that asks for its caller must not be public.');
  return caller;
});
