import { applyDecorators, createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExcludeEndpoint, ApiExtension } from '@nestjs/swagger';
import type { Authenticated, Door, StepUpFor } from '@scopegate/access';
import { exchangeOf, type Exchange } from './exchange.js';

/** Who may call a route (R63). */
export type RouteAccess = 'public' | 'authenticated' | 'administrators' | 'introspectors';

/** Of a route or controller. Without it the server does not start. */
export const ROUTE_ACCESS = 'scopegate:route-access';

/** A read-only token may POST here (R05). */
export const CREATES_TOKEN = 'scopegate:creates-token';

/** The presented token is shown, rotated or revoked here (R123). */
export const CONCERNS_OWN_TOKEN = 'scopegate:concerns-own-token';

/** A token may only read here (R125). */
export const PASSWORD_LOGIN_ONLY = 'scopegate:password-login-only';

/** What a route has to do with the session of a browser (R99); see `RouteRules`. */
export const ROUTE_SESSION = 'scopegate:route-session';

/** OpenAPI extension; `document.ts` then removes the token from the operation. */
export const PASSWORD_LOGIN_EXTENSION = 'x-password-login-only';

/** With a browser session, writing here needs a recent login (R99). */
export const NEEDS_STEP_UP = 'scopegate:needs-step-up';

/** OpenAPI extension; `document.ts` then says so in the operation. */
export const STEP_UP_EXTENSION = 'x-needs-step-up';

/** OpenAPI extensions: a session is the only credential, or none. */
export const SESSION_EXTENSION = 'x-needs-session';
export const DOOR_EXTENSION = 'x-door';

/** The door that a route is (R91); the management API is none. */
export const ROUTE_DOOR = 'scopegate:route-door';

export const BODY_LIMIT = 'scopegate:body-limit';

export const BODY_FORMAT = 'scopegate:body-format';

/** What a body is written in. */
export type BodyFormat = 'json' | 'csv' | 'form';

/** For routes that are public or undocumented; otherwise `ApiRoute` sets it. */
export const Access = (access: RouteAccess): MethodDecorator & ClassDecorator => SetMetadata(ROUTE_ACCESS, access);

/** A read-only token may POST to this route (R05). */
export const CreatesToken = (): MethodDecorator => SetMetadata(CREATES_TOKEN, true);

/**
 * The routes concern the presented token alone: every token may call them, read-only ones and those limited to
 * applications, too (R123).
 */
export const ConcernsOwnToken = (): ClassDecorator => SetMetadata(CONCERNS_OWN_TOKEN, true);

/**
 * Passwords, users and groups: no token may write here, whatever its scope and owner (R125). On a controller this
 * covers future routes, too.
 */
export const PasswordLoginOnly = (): MethodDecorator & ClassDecorator =>
  applyDecorators(SetMetadata(PASSWORD_LOGIN_ONLY, true), ApiExtension(PASSWORD_LOGIN_EXTENSION, true));

/** Opens a browser session for the login in its body (R99): only for pages of this server, and for programs. */
export const OpensSession = (): MethodDecorator => SetMetadata(ROUTE_SESSION, 'opens');

/** About the browser session of the request (R99): without one, it is refused. */
export const NeedsSession = (): MethodDecorator =>
  applyDecorators(SetMetadata(ROUTE_SESSION, 'needed'), ApiExtension(SESSION_EXTENSION, true));

/**
 * Rules, applications, users and groups: whoever finds an open browser must not change them (R99), and must not take away
 * a token that could. On a controller this covers future routes, too; reading stays free.
 */
export const NeedsStepUp = (who: StepUpFor = 'everybody'): MethodDecorator & ClassDecorator =>
  applyDecorators(SetMetadata(NEEDS_STEP_UP, who), ApiExtension(STEP_UP_EXTENSION, who));

/** Always refuses after the guards; not listed in `Allow`. */
export const RefusingRoute = (): MethodDecorator =>
  applyDecorators(Access('authenticated'), ApiExcludeEndpoint(), RouteConfig({ isRefusing: true }));

/** In place of JSON; `ApiRoute` sets and documents it. A handler gets CSV as a text, and a form as its fields. */
export const TakesBody = (format: BodyFormat): MethodDecorator => SetMetadata(BODY_FORMAT, format);

/** No browser session counts there (R99). */
export const IsDoor = (door: Door): MethodDecorator =>
  applyDecorators(SetMetadata(ROUTE_DOOR, door), ApiExtension(DOOR_EXTENSION, true));

/** R112; `ApiRoute` sets and documents it. */
export const BodyLimit = (bytes: number): MethodDecorator => SetMetadata(BODY_LIMIT, bytes);

export const CurrentExchange = createParamDecorator((_data: unknown, context: ExecutionContext): Exchange =>
  exchangeOf(context.switchToHttp().getRequest()),
);

export const CurrentCaller = createParamDecorator((_data: unknown, context: ExecutionContext): Authenticated => {
  const caller = exchangeOf(context.switchToHttp().getRequest()).authenticated;
  if (caller === null) throw new Error('A route that asks for its caller must not be public.');
  return caller;
});
