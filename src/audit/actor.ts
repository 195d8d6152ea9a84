import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { CredentialKind } from '@scopegate/access';
import { credentialKind } from '@scopegate/access';
import type { IdempotencyClaim } from '../database/idempotent-answers.js';
import { exchangeOf, type Exchange } from '../common/access/exchange.js';

/** Who makes a change, and from where. */
export interface Actor {
  readonly name: string;
  readonly credential: CredentialKind | null;
  /** The id of the token the change was made with, or null. */
  readonly tokenId: string | null;
  readonly clientIp: string | null;
  readonly peer: string | null;
  readonly requestId: string | null;
  readonly userAgent: string | null;
  /** The `Idempotency-Key` of the request: a change that creates something stores its answer under this key. */
  readonly idempotencyClaim?: IdempotencyClaim | null;
}

/** The server itself: the first start, the purge. */
export const SYSTEM_ACTOR: Actor = {
  name: 'system',
  credential: null,
  tokenId: null,
  clientIp: null,
  peer: null,
  requestId: null,
  userAgent: null,
};

/** The caller of an authenticated request as an actor. */
export function actorOf(exchange: Exchange): Actor {
  const caller = exchange.authenticated;
  if (caller === null) throw new Error('An unauthenticated request cannot change anything.');
  const { address, credential, request } = caller.admitted;
  return {
    name: caller.principal.username,
    credential: credentialKind(credential),
    tokenId: caller.token?.id ?? null,
    clientIp: address.client,
    peer: address.peer,
    requestId: exchange.requestId,
    userAgent: request.head.userAgent,
    idempotencyClaim: exchange.idempotencyClaim,
  };
}

/** The caller of a management route as the actor of the change it asks for. */
export const CurrentActor = createParamDecorator((_data: unknown, context: ExecutionContext): Actor =>
  actorOf(exchangeOf(context.switchToHttp().getRequest())),
);
