import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { exchangeOf } from '../../common/access/exchange.js';
import { ProblemException } from '../../common/http/problem.exception.js';
import { ProblemFilter } from '../../common/http/problem.filter.js';

/** Answers bad requests in the vendor's shape, `{"errorMessage"}`, and every other problem with that member besides. */
@Catch()
export class VendorErrorFilter implements ExceptionFilter {
  readonly #problems = new ProblemFilter();

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const exchange = exchangeOf(http.getRequest<FastifyRequest>());
    if (exchange.denial === null && statusOf(error) === 400) {
      const text = error instanceof Error ? error.message : 'The request does not fit.';
      exchange.problem = new ProblemException('validation_failed', text);
      void http.getResponse<FastifyReply>().status(400).send({ errorMessage: text });
      return;
    }
    this.#problems.answer(error, host, (problem) => ({ ...problem, errorMessage: problem.detail }));
  }
}

function statusOf(error: unknown): number | null {
  if (error instanceof ProblemException) return error.status;
  return error instanceof HttpException ? error.getStatus() : null;
}
