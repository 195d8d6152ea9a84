import { Injectable, Logger } from '@nestjs/common';
import type { Deny } from '@scopegate/access';
import { codeProblem, denialProblem, type Problem } from '@scopegate/problem';
import { AuditShipper } from '../audit/audit-shipper.js';
import type { Exchange } from '../common/access/exchange.js';
import { ProblemException } from '../common/http/problem.exception.js';
import { writeProblem } from '../common/http/problem.writer.js';
import { dropUnreadBody, REFUSED_BODY } from '../common/http/unread-body.js';
import { DecisionRecorder } from './decision.recorder.js';

/** Writes the problem of a refusal; at doors that answer in a form of their own, in that form. */
export type ProblemWriter = (exchange: Exchange, problem: Problem) => void;

/** Records a refusal or failure, and answers it. */
@Injectable()
export class RefusalAnswer {
  readonly #logger = new Logger(RefusalAnswer.name);

  constructor(
    private readonly recorder: DecisionRecorder,
    private readonly shipper: AuditShipper,
  ) {}

  /** Refuses before the judgement. Never throws. */
  refuseUnjudged(exchange: Exchange, refusal: Deny | ProblemException, write?: ProblemWriter): void {
    try {
      this.shipper.refuseWithoutRoom();
      if (refusal instanceof ProblemException) throw refusal;
      exchange.denial = refusal;
      this.refuse(exchange, write);
    } catch (error) {
      this.fail(exchange, error, write);
    }
  }

  /** Answers the denial that the exchange has. */
  refuse(exchange: Exchange, write?: ProblemWriter): void {
    if (exchange.denial === null) throw new Error('A request was refused without a reason.');
    this.#answer(exchange, denialProblem(exchange.denial, exchange.requestId), write);
  }

  /** A failure is not a denial, and is recorded as a failure. */
  fail(exchange: Exchange, error: unknown, write?: ProblemWriter): void {
    if (error instanceof ProblemException) {
      exchange.problem = error;
    } else {
      const { requestId, trace, application } = exchange;
      this.#logger.error('A request failed.', error, {
        requestId,
        traceId: trace.traceId,
        application: application?.key ?? null,
      });
      exchange.problem = new ProblemException(
        'internal_error',
        'An administrator finds the cause in the log of the server by this request id.',
      );
    }
    const { code, detail } = exchange.problem;
    this.#answer(exchange, codeProblem(code, detail, exchange.requestId), write);
  }

  #answer(exchange: Exchange, problem: Problem, write: ProblemWriter = writeUsual): void {
    const { request, response } = exchange;
    this.recorder.settle(exchange, problem.status, {
      release: () => {
        dropUnreadBody(request, response, REFUSED_BODY);
        write(exchange, problem);
      },
      drop: () => response.destroy(),
    });
  }
}

function writeUsual(exchange: Exchange, problem: Problem): void {
  writeProblem(exchange, problem, exchange.closesAfter(problem.status));
}

/** Stored data cannot be read. Clients do not learn the cause. */
export function closedApplication(): ProblemException {
  return new ProblemException(
    'policy_unavailable',
    'A stored rule or secret of this application cannot be read. An administrator finds the cause in its warnings.',
  );
}
