import {
  Catch,
  HttpException,
  Logger,
  MethodNotAllowedException,
  NotFoundException,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { challenges, codeProblem, denialProblem, PROBLEM_MEDIA_TYPE, USUAL_CHALLENGE } from '@scopegate/problem';
import type { Audience, Problem, ProblemCode } from '@scopegate/problem';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { exchangeOf, type Exchange } from '../access/exchange.js';
import { AllowedMethods } from './allowed-methods.js';
import { ProblemException } from './problem.exception.js';

const UNREADABLE = ['request_malformed', 'The request cannot be read.'] as const;

/** Refusals of Fastify and Nest, with a text that says what to do. */
const BY_STATUS: Readonly<Record<number, readonly [ProblemCode, string]>> = {
  // A path out of the folder of the documentation.
  403: ['not_found', 'There is nothing at this path. The API is documented at /docs.'],
  404: ['not_found', 'There is nothing at this path. The API is documented at /docs.'],
  405: ['method_not_allowed', 'This path does not take this method. The API is documented at /docs.'],
  412: ['version_mismatch', 'The file does not match the request.'],
  431: ['headers_too_large', 'Send fewer or shorter header lines.'],
};

/** Every error of a management request becomes a problem (RFC 9457). */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger(ProblemFilter.name);

  /** @param allowedMethods of the server's own routes */
  constructor(private readonly allowedMethods = new AllowedMethods()) {}

  catch(error: unknown, host: ArgumentsHost): void {
    this.answer(error, host, (problem) => problem);
  }

  /**
   * @param shape the body, for clients that expect more than a problem
   * @param audience selects the challenges of a 401
   */
  answer(error: unknown, host: ArgumentsHost, shape: (problem: Problem) => object, audience: Audience = 'own'): void {
    const http = host.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    const exchange = exchangeOf(http.getRequest<FastifyRequest>());
    const { denial } = exchange;
    if (error instanceof NotFoundException) {
      // The path of the route, not the requested one below a mount.
      const allowed = this.allowedMethods.of(exchange.request.url?.split('?', 1)[0] ?? '');
      if (allowed.length > 0) void reply.header('Allow', allowed.join(', '));
      if (allowed.length > 0 && exchange.facts.method === 'OPTIONS') {
        void reply.status(204).send();
        return;
      }
      // R07: TRACE is refused on every path.
      if (allowed.length > 0 || exchange.facts.method === 'TRACE') error = new MethodNotAllowedException();
    }
    let problem: Problem;
    if (denial !== null) {
      problem = denialProblem(denial, exchange.requestId);
    } else {
      exchange.problem = this.#toException(error, exchange);
      const { code, detail, errors } = exchange.problem;
      problem = codeProblem(code, detail, exchange.requestId, errors);
    }
    const { head } = exchange.facts;
    const challenge = challenges(problem, { denial, head, audience, offered: USUAL_CHALLENGE });
    if (challenge.length > 0) void reply.header('WWW-Authenticate', [...challenge]);
    const retryAfterSeconds = denial === null ? exchange.problem?.retryAfterSeconds : denial.retryAfterSeconds;
    send(reply, problem, shape(problem), retryAfterSeconds ?? null);
  }

  #toException(error: unknown, exchange: Exchange): ProblemException {
    if (error instanceof ProblemException) return error;
    const status = statusOf(error);
    // Other errors of the framework (Range, for example) are the client's, too.
    if (status !== null && status >= 400 && status < 500) {
      return new ProblemException(...(BY_STATUS[status] ?? UNREADABLE));
    }
    const { requestId, trace } = exchange;
    this.#logger.error('A request failed.', error, { requestId, traceId: trace.traceId });
    return new ProblemException(
      'internal_error',
      'An administrator finds the cause in the log of the server by this request id.',
    );
  }
}

function statusOf(error: unknown): number | null {
  if (error instanceof HttpException) return error.getStatus();
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : Number.NaN;
  return status >= 400 && status < 500 ? status : null;
}

function send(reply: FastifyReply, problem: Problem, body: object, retryAfterSeconds: number | null): void {
  if (retryAfterSeconds !== null) void reply.header('Retry-After', retryAfterSeconds);
  void reply
    .status(problem.status)
    .header('Content-Type', PROBLEM_MEDIA_TYPE)
    .header('Cache-Control', 'no-store')
    .send(Buffer.from(JSON.stringify(body)));
}
