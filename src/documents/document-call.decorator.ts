import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Authenticated } from '@scopegate/access';
import type { FastifyReply } from 'fastify';
import { actorOf, type Actor } from '../audit/actor.js';
import { exchangeOf } from '../common/access/exchange.js';

/** What the routes of a document need of a call besides its body. */
export interface DocumentCall {
  readonly caller: Authenticated;
  readonly actor: Actor;
  /** The version that a change is for. */
  readonly ifMatch: string | undefined;
  readonly reply: FastifyReply;
}

export const CurrentCall = createParamDecorator((_data: unknown, context: ExecutionContext): DocumentCall => {
  const http = context.switchToHttp();
  const exchange = exchangeOf(http.getRequest());
  if (exchange.authenticated === null) throw new Error('A route of a document must not be public.');
  return {
    caller: exchange.authenticated,
    actor: actorOf(exchange),
    ifMatch: exchange.request.headers['if-match'],
    reply: http.getResponse(),
  };
});
