import { applyDecorators, createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExcludeEndpoint, ApiExtension } from '@nestjs/swagger';
import type { Authenticated } from '@scopegate/access';
import { exchangeOf } from './exchange.js';

/** The metadata of a route that needs no credential. */
export const PUBLIC_ROUTE = 'scopegate:public-route';

/** The metadata of a route that is for administrators alone. */
export const ADMINISTRATORS_ONLY = 'scopegate:administrators-only';

/** The metadata of the routes that create a token, which a read-only token may POST to (R05). */
export const CREATES_TOKEN = 'scopegate:creates-token';

/** The metadata of the routes that no token may change anything at (R125). */
export const PASSWORD_LOGIN_ONLY = 'scopegate:password-login-only';

/** The extension of the OpenAPI document that tells so; `document.ts` then leaves the token out of the operation. */
export const PASSWORD_LOGIN_EXTENSION = 'x-password-login-only';

/** The metadata of a route with a body limit of its own. */
export const BODY_LIMIT = 'scopegate:body-limit';

/** A route that answers everybody: health, metrics, documentation. */
export const PublicRoute = (): MethodDecorator & ClassDecorator => SetMetadata(PUBLIC_ROUTE, true);

/** A route for members of the group `administrators` (R63). */
export const AdministratorsOnly = (): MethodDecorator & ClassDecorator => SetMetadata(ADMINISTRATORS_ONLY, true);

/** The route that creates a token: the exception of R05. */
export const CreatesToken = (): MethodDecorator => SetMetadata(CREATES_TOKEN, true);

/**
 * Passwords, users and members of groups: a token may read there at most, whatever its scope and whoever owns it (R125). On a
 * controller, it holds for every route that does not read, the ones to come included.
 */
export const PasswordLoginOnly = (): MethodDecorator & ClassDecorator =>
  applyDecorators(SetMetadata(PASSWORD_LOGIN_ONLY, true), ApiExtension(PASSWORD_LOGIN_EXTENSION, true));

/** A route that is there to pass the guards and then to refuse: it counts for no method that its path takes. */
export const RefusingRoute = (): MethodDecorator =>
  applyDecorators(ApiExcludeEndpoint(), RouteConfig({ isRefusing: true }));

/** The most bytes that the body of this route may have (R112); `ApiRoute` sets and documents it. */
export const BodyLimit = (bytes: number): MethodDecorator => SetMetadata(BODY_LIMIT, bytes);

/** The authenticated caller of a management route. */
export const CurrentCaller = createParamDecorator((_data: unknown, context: ExecutionContext): Authenticated => {
  const caller = exchangeOf(context.switchToHttp().getRequest()).authenticated;
  if (caller === null) throw new Error('A route that asks for its caller must not be public.');
  return caller;
});
