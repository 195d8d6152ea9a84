import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { routeAccessOf } from './access.decorators.js';
import { DecisionService } from './decision.service.js';
import type { Refusal, Scope } from './decision.js';
import { handshakeOf } from './handshake.js';
import { forgetCaller, placeOf, rememberCaller } from './judged-request.js';
import { RefusalException } from './refusal.exception.js';
import { subjectOf, type SubjectRequest } from './subject.js';

/** The contexts that the guard judges. */
type ContextKind = 'http' | 'graphql' | 'ws';

const CONTEXT_KINDS: readonly string[] = ['http', 'graphql', 'ws'] satisfies readonly ContextKind[];

/** Lets a request through if Scopegate allows it, and sends its refusal to the client. */
@Injectable()
export class ScopegateGuard implements CanActivate {
  constructor(@Inject(DecisionService) private readonly decisions: DecisionService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const kind = kindOf(context);
    const access = routeAccessOf(context);
    if (access === 'public') return true;
    const subject = subjectOf(this.getRequest(context));
    const scope = access ?? scopeOf(context, kind);
    const decision = await this.decisions.decide(scope === undefined ? subject : { ...subject, scope });
    if (decision.decision !== 'allow') return refuse(context, kind, decision);
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

async function refuse(context: ExecutionContext, kind: ContextKind, refusal: Refusal): Promise<never> {
  // On a GraphQL context, the other fields of the query keep theirs.
  if (kind !== 'graphql') forgetCaller(context);
  const { challenge, retryAfterSeconds } = refusal;
  // A refusal is kept, too, so that a filter of the application gets a copy that it may change.
  const problem = structuredClone(refusal.problem);
  if (kind === 'ws') throw await webSocketError(problem);
  if (kind === 'http') {
    const response = context.switchToHttp().getResponse<HttpResponse>();
    if (challenge.length > 0) response.header('WWW-Authenticate', [...challenge]);
    if (retryAfterSeconds !== null) response.header('Retry-After', String(retryAfterSeconds));
  }
  throw new RefusalException(problem);
}

/** A context of a WebSocket comes from this package, so it is installed. Other applications do not need it. */
async function webSocketError(problem: object): Promise<Error> {
  const name = '@nestjs/websockets';
  const { WsException } = (await import(name)) as { readonly WsException: new (error: object) => Error };
  return new WsException(problem);
}
