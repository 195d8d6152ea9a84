import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { isDuplicateKey } from '../../database/duplicate-key.js';
import { IdempotentAnswers, type IdempotentCall } from '../../database/idempotent-answers.js';
import { exchangeOf } from '../access/exchange.js';
import { CONCERNS_OWN_TOKEN } from '../access/route.decorators.js';
import { ProblemException } from './problem.exception.js';

const KEY = /^[A-Za-z0-9._-]{1,64}$/;

interface KeyedRoute {
  readonly key: string;
  /** The path stands for the token of the request (R123). */
  readonly isOwnToken: boolean;
}

/** Answers a repeated call like the first one, without its secret and with `Idempotent-Replay: true`. */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(private readonly answers: IdempotentAnswers) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const key = request.headers['idempotency-key'];
    if (key === undefined) return next.handle();
    const isOwnToken = Reflect.getMetadata(CONCERNS_OWN_TOKEN, context.getClass()) === true;
    return from(this.#answerOnce(request, { key: String(key), isOwnToken }, http.getResponse<FastifyReply>(), next));
  }

  async #answerOnce(
    request: FastifyRequest,
    { key, isOwnToken }: KeyedRoute,
    reply: FastifyReply,
    next: CallHandler,
  ): Promise<unknown> {
    if (!KEY.test(key)) {
      const message = 'Idempotency-Key must be 1 to 64 of the characters A-Z, a-z, 0-9, ".", "_" and "-", once.';
      throw new ProblemException('validation_failed', message, [{ field: 'Idempotency-Key', message }]);
    }
    const exchange = exchangeOf(request);
    const { authenticated } = exchange;
    if (authenticated === null) throw new Error('A route that makes something must not be public.');
    // The path does not name the token, and two tokens of one user are two calls.
    const callerId = isOwnToken && authenticated.token !== null ? authenticated.token.id : authenticated.principal.id;
    const [path = ''] = request.url.split('?');
    const call: IdempotentCall = { callerId, path, key, body: request.body };
    const before = await this.#replay(call, reply);
    if (before !== null) return before;
    exchange.idempotencyClaim = this.answers.claim(call);
    try {
      return await lastValueFrom(next.handle());
    } catch (error) {
      // Another request with the same key may have caused this conflict.
      if (!isDuplicateKey(error) && !(error instanceof ProblemException && error.code === 'conflict')) throw error;
      const first = await this.#replay(call, reply);
      if (first === null) throw error;
      return first;
    }
  }

  async #replay(call: IdempotentCall, reply: FastifyReply): Promise<object | null> {
    const kept = await this.answers.find(call);
    if (kept === null) return null;
    void reply.header('Idempotent-Replay', 'true');
    if (kept.etag !== null) void reply.header('ETag', kept.etag);
    return kept.answer;
  }
}
