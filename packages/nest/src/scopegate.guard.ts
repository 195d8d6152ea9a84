import {
  HttpException,
  Inject,
  Injectable,
  ServiceUnavailableException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ROUTE_ACCESS, type RouteAccess } from './access.decorators.js';
import { DecisionService } from './decision.service.js';
import type { Refusal, Scope } from './decision.js';
import { handshakeOf } from './handshake.js';
import { placeOf, rememberCaller } from './judged-request.js';
import { subjectOf, type SubjectRequest } from './subject.js';

/** The contexts that the guard judges. */
type ContextKind = 'http' | 'graphql' | 'ws';

const CONTEXT_KINDS: readonly string[] = ['http', 'graphql', 'ws'] satisfies readonly ContextKind[];

const NO_DECISION = {
  status: 503,
  code: 'decision_unavailable',
  title: 'No decision',
  detail: 'The access to this route cannot be decided at the moment. Try again later.',
};

/** Lets a request through if Scopegate allows it, and sends its refusal to the client. */
@Injectable()
export class ScopegateGuard implements CanActivate {
  constructor(
    @Inject(DecisionService) private readonly decisions: DecisionService,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const kind = kindOf(context);
    const access = this.reflector.getAllAndOverride<RouteAccess | undefined>(ROUTE_ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access === 'public') {
      rememberCaller(context, null);
      return true;
    }
    const subject = subjectOf(this.getRequest(context));
    const scope = access ?? scopeOf(context, kind);
    const decision = await this.decisions.decide(scope === undefined ? subject : { ...subject, scope });
    if (decision?.decision !== 'allow') return refuse(context, kind, decision);
    rememberCaller(context, decision.caller);
    return true;
  }

  /**
   * The request that a context is about: of HTTP, the one in the context of GraphQL (`req`, or `request`), or the
   * handshake of a WebSocket. Override it where your application has it elsewhere.
   */
  protected getRequest(context: ExecutionContext): SubjectRequest {
    const place = placeOf(context);
    switch (kindOf(context)) {
      case 'http':
        return place;
      case 'ws':
        return handshakeOf(place);
      case 'graphql':
        return requestIn(place);
    }
  }
}

/** @throws Error on any other kind of context: what cannot be judged is not let through */
function kindOf(context: ExecutionContext): ContextKind {
  const kind = context.getType<string>();
  if (CONTEXT_KINDS.includes(kind)) return kind as ContextKind;
  throw new Error(`ScopegateGuard cannot judge a context of the kind "${kind}".`);
}

/**
 * The scope that a handler without a decorator asks for, where the method of the request does not tell it: what changes
 * something by GraphQL may come with GET, and every message of a WebSocket comes after a GET.
 */
function scopeOf(context: ExecutionContext, kind: ContextKind): Scope | undefined {
  if (kind === 'ws') return 'read-write';
  if (kind === 'http') return undefined;
  const info = context.getArgByIndex<{ readonly operation?: { readonly operation?: string } } | undefined>(3);
  return info?.operation?.operation === 'query' ? undefined : 'read-write';
}

function requestIn(place: object): SubjectRequest {
  const { req, request } = place as { readonly req?: SubjectRequest; readonly request?: SubjectRequest };
  const found = req ?? request;
  if (found !== undefined) return found;
  throw new TypeError('ScopegateGuard: the context of GraphQL has no request in "req". Override getRequest().');
}

/** What Express and Fastify have in common. */
interface HttpResponse {
  header(name: string, value: string | readonly string[]): unknown;
}

async function refuse(
  context: ExecutionContext,
  kind: ContextKind,
  refusal: Refusal | null | undefined,
): Promise<never> {
  if (kind === 'ws') throw await webSocketError(refusal?.problem ?? NO_DECISION);
  if (!refusal) throw new ServiceUnavailableException(NO_DECISION);
  if (kind === 'http') {
    const response = context.switchToHttp().getResponse<HttpResponse>();
    if (refusal.challenge.length > 0) response.header('WWW-Authenticate', refusal.challenge);
    if (refusal.retryAfterSeconds !== null) response.header('Retry-After', String(refusal.retryAfterSeconds));
  }
  throw new HttpException(refusal.problem, refusal.problem.status);
}

/** A context of a WebSocket comes from this package, so it is installed. Other applications do not need it. */
async function webSocketError(problem: object): Promise<Error> {
  const name = '@nestjs/websockets';
  const { WsException } = (await import(name)) as { readonly WsException: new (error: object) => Error };
  return new WsException(problem);
}
