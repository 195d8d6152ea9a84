import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { forClients, type Problem } from '@scopegate/problem';
import { productOf } from '@scopegate/product';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { exchangeOf } from '../../common/access/exchange.js';
import { ProblemException } from '../../common/http/problem.exception.js';
import type { ProblemFilter } from '../../common/http/problem.filter.js';
import { VENDOR_TOKENS_PATH } from './vendor-tokens.path.js';

/**
 * Bad requests get the vendor's shape, `{"errorMessage"}`; every other problem gets that member added. Not a filter of
 * the controller, because requests with an unreadable body or an unknown path do not reach it.
 */
@Catch()
export class VendorErrorFilter implements ExceptionFilter {
  constructor(private readonly problems: ProblemFilter) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const exchange = exchangeOf(http.getRequest<FastifyRequest>());
    if (exchange.request.url?.startsWith(`${VENDOR_TOKENS_PATH}/`) !== true) {
      this.problems.answer(error, host, (problem) => problem);
      return;
    }
    if (exchange.denial === null && statusOf(error) === 400) {
      const text = error instanceof ProblemException ? error.message : 'The request cannot be read.';
      exchange.problem = new ProblemException('validation_failed', text);
      void http.getResponse<FastifyReply>().status(400).send({ errorMessage: text });
      return;
    }
    const { vendorMount } = exchange;
    const member = vendorMount === null ? null : productOf(vendorMount.kind).errorMember;
    const shape = (problem: Problem): object => ({ ...forClients(problem, member), errorMessage: problem.detail });
    this.problems.answer(error, host, shape, 'proxied');
  }
}

function statusOf(error: unknown): number | null {
  if (error instanceof ProblemException) return error.status;
  if (error instanceof HttpException) return error.getStatus();
  return typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : null;
}
