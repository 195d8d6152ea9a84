import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { mediaTypesOf } from '@scopegate/kernel';
import type { FastifyRequest } from 'fastify';
import { exchangeOf, JUDGED_AGAIN_AFTER_MS, type Exchange } from '../../common/access/exchange.js';
import { readBody } from '../../common/http/body.reader.js';
import { isJson, parseJsonBody } from '../../common/http/json-body.parser.js';
import { ProblemException } from '../../common/http/problem.exception.js';
import { bodyLimitOf } from '../route-metadata.js';
import { AccessGuard } from './access.guard.js';

/** Methods whose body means nothing (RFC 9110 9.3). */
const WITHOUT_BODY: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/**
 * The last guard of the management routes: reads the body, of a caller that may send one (R112). The framework reads
 * none; a request that any guard before this one refuses, and a path or a method that there is not, cost nothing more
 * than their head.
 */
@Injectable()
export class BodyGuard implements CanActivate {
  constructor(private readonly access: AccessGuard) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (WITHOUT_BODY.has(request.method)) return true;
    const { head } = exchangeOf(request).facts;
    const hasBody = head.announcesBody;
    const types = mediaTypesOf(head.lines);
    if (!isJson(types) && (hasBody || types.length > 0)) {
      throw new ProblemException('unsupported_media_type', 'Send the body as application/json.');
    }
    const limit = bodyLimitOf(context);
    return limit === null || !hasBody ? true : this.#read(context, request, limit);
  }

  async #read(context: ExecutionContext, request: FastifyRequest, limit: number): Promise<boolean> {
    const exchange = exchangeOf(request);
    const sinceTick = performance.now();
    request.body = parseJsonBody(await readBody(exchange, limit));
    // The parsed body stands for it from here on.
    exchange.readBody = null;
    return performance.now() - sinceTick < JUDGED_AGAIN_AFTER_MS || this.#judgeAgain(context, exchange);
  }

  /** Who sends slowly may have lost the right to send at all meanwhile: a revocation acts at once (R64). */
  #judgeAgain(context: ExecutionContext, exchange: Exchange): boolean | Promise<boolean> {
    exchange.forgetJudgement();
    return this.access.canActivate(context);
  }
}
