import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { mediaTypesOf } from '@scopegate/kernel';
import type { FastifyRequest } from 'fastify';
import { exchangeOf, JUDGED_AGAIN_AFTER_MS, type Exchange } from '../../common/access/exchange.js';
import { readBody } from '../../common/http/body.reader.js';
import { isCsv, parseCsvBody } from '../../common/http/csv-body.parser.js';
import { isForm, parseFormBody } from '../../common/http/form-body.parser.js';
import { isJson, parseJsonBody } from '../../common/http/json-body.parser.js';
import { ProblemException } from '../../common/http/problem.exception.js';
import type { BodyFormat } from '../../common/access/route.decorators.js';
import { bodyFormatOf, bodyLimitOf } from '../route-metadata.js';
import { AccessGuard } from './access.guard.js';

/** The body of these methods has no meaning (RFC 9110 9.3). */
const WITHOUT_BODY: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

interface BodyReader {
  readonly name: string;
  readonly isFit: (types: readonly string[]) => boolean;
  readonly parse: (body: Uint8Array) => unknown;
}

const READERS: Readonly<Record<BodyFormat, BodyReader>> = {
  json: { name: 'application/json', isFit: isJson, parse: parseJsonBody },
  csv: { name: 'text/csv', isFit: isCsv, parse: parseCsvBody },
  form: { name: 'application/x-www-form-urlencoded', isFit: isForm, parse: parseFormBody },
};

/** R112: reads the body last, so a refused request, or one for an unknown route, costs no more than its head. */
@Injectable()
export class BodyGuard implements CanActivate {
  constructor(private readonly access: AccessGuard) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (WITHOUT_BODY.has(request.method)) return true;
    const { head } = exchangeOf(request).facts;
    const hasBody = head.announcesBody;
    const types = mediaTypesOf(head.lines);
    const { name, isFit } = READERS[bodyFormatOf(context)];
    if (!isFit(types) && (hasBody || types.length > 0)) {
      throw new ProblemException('unsupported_media_type', `Send the body as ${name}.`);
    }
    const limit = bodyLimitOf(context);
    return limit === null || !hasBody ? true : this.#read(context, request, limit);
  }

  async #read(context: ExecutionContext, request: FastifyRequest, limit: number): Promise<boolean> {
    const exchange = exchangeOf(request);
    const sinceTick = performance.now();
    const { parse } = READERS[bodyFormatOf(context)];
    request.body = parse(await readBody(exchange, limit));
    // The parsed body replaces it.
    exchange.readBody = null;
    return performance.now() - sinceTick < JUDGED_AGAIN_AFTER_MS || this.#judgeAgain(context, exchange);
  }

  /** A revocation acts at once (R64), also on a slow sender. */
  #judgeAgain(context: ExecutionContext, exchange: Exchange): boolean | Promise<boolean> {
    exchange.forgetJudgement();
    return this.access.canActivate(context);
  }
}
