import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { CredentialKind } from '@scopegate/access';
import { credentialKind } from '@scopegate/access';
import type { IdempotencyClaim } from '../database/idempotent-answers.js';
import { exchangeOf, type Exchange } from '../common/access/exchange.js';

export interface Actor {
  readonly name: string;
  readonly credential: CredentialKind | null;
  /** Null if the change was made without a token. */
  readonly tokenId: string | null;
  readonly clientIp: string | null;
  readonly peer: string | null;
  readonly requestId: string | null;
  readonly userAgent: string | null;
  /** A change that creates something stores its answer under this key. */
  readonly idempotencyClaim?: IdempotencyClaim | null;
}

export const SYSTEM_ACTOR: Actor = {
  name: 'system',
  credential: null,
  tokenId: null,
  clientIp: null,
  peer: null,
  requestId: null,
  userAgent: null,
};

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

export const CurrentActor = createParamDecorator((_data: unknown, context: ExecutionContext): Actor =>
  actorOf(exchangeOf(context.switchToHttp().getRequest())),
);
