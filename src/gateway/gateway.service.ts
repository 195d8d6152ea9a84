import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, Logger } from '@nestjs/common';
import { NO_ROUTE, type Deny, type RequestFacts } from '@scopegate/access';
import type { Authority } from '@scopegate/network';
import { codeProblem, denialProblem, type Problem } from '@scopegate/problem';
import type { ProtectedApplication } from '../applications/application.js';
import { ApplicationsService } from '../applications/applications.service.js';
import { DecisionRecorder } from '../access/decision.recorder.js';
import { JudgementService } from '../access/judgement.service.js';
import { AuditShipper } from '../audit/audit-shipper.js';
import { attachExchange, Exchange } from '../common/access/exchange.js';
import { ProblemException } from '../common/http/problem.exception.js';
import { writeProblem } from '../common/http/problem.writer.js';
import { dropUnreadBody, REFUSED_BODY } from '../common/http/unread-body.js';
import { RequestLog } from '../common/logging/request.log.js';
import { requestIdOf } from '../common/http/request-id.js';
import { ChangeFeed } from '../database/change-feed.js';
import { askedUpgrade } from './asked-upgrade.js';
import { isForSessionEndpoint, SessionEndpoint } from './session.endpoint.js';
import { answerPreflight } from './preflight.answer.js';
import { UpstreamForwarder } from './upstream.forwarder.js';
import { isBodyArriving } from './forwarded-body.js';

/** A limit, even if the rules change again and again. */
const MAX_JUDGEMENTS = 3;

export interface ProxiedRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly application: ProtectedApplication;
  /** Null if the request names no host. */
  readonly authority: Authority | null;
  /** With the path below the mount. */
  readonly facts: RequestFacts;
  readonly expectsContinue: boolean;
}

/**
 * Judged like management routes, then sent upstream. Not through Fastify's routing, which refuses methods, paths and
 * media types that a gateway must judge.
 */
@Injectable()
export class GatewayService {
  readonly #logger = new Logger(GatewayService.name);
  /** Requests that wait for the database or the like. */
  #waiting = 0;

  constructor(
    private readonly judgement: JudgementService,
    private readonly applications: ApplicationsService,
    private readonly forwarder: UpstreamForwarder,
    private readonly sessionEndpoint: SessionEndpoint,
    private readonly recorder: DecisionRecorder,
    private readonly shipper: AuditShipper,
    private readonly requestLog: RequestLog,
    private readonly changes: ChangeFeed,
  ) {}

  /** Includes requests whose client has gone. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Never throws. */
  handle(proxied: ProxiedRequest): void {
    const exchange = this.#exchangeOf(proxied);
    if (proxied.application.fault !== null) {
      this.#refuseUnjudged(exchange, closed());
      return;
    }
    const { application } = proxied;
    const { version } = this.changes;
    this.#judge(exchange, (passes) => {
      if (passes) this.#goOn(exchange, application, version, MAX_JUDGEMENTS);
    });
  }

  /**
   * Judges again first if the request had to wait for reads or its body.
   * @param version of the data at the first judgement
   */
  #goOn(exchange: Exchange, application: ProtectedApplication, version: number, judgementsLeft: number): void {
    const hasReadBody = exchange.readBody !== null || exchange.bodyBeginning !== null;
    const now = this.changes.version;
    if (judgementsLeft > 0 && (now !== version || (hasReadBody && exchange.isJudgementOld))) {
      this.#judgeAgain(exchange, application, (judged) => {
        // Only a change needs another judgement; passed time does not.
        if (judged !== null && this.changes.version === now) this.#forward(exchange, judged);
        else if (judged !== null) this.#goOn(exchange, judged, now, judgementsLeft - 1);
      });
    } else if (isBodyArriving(exchange)) {
      process.nextTick(() => this.#forward(exchange, application));
    } else {
      this.#forward(exchange, application);
    }
  }

  /**
   * Judges by everything that is valid now, including the application's rules (R64). A refusal is answered.
   * @param onJudged called with the current application, or null after a refusal
   */
  #judgeAgain(
    exchange: Exchange,
    before: ProtectedApplication,
    onJudged: (application: ProtectedApplication | null) => void,
  ): void {
    const now = this.#applicationNow(exchange, before);
    if (now instanceof ProblemException) {
      this.#fail(exchange, now, () => onJudged(null));
      return;
    }
    exchange.application = now.rules;
    exchange.forgetJudgement();
    this.#judge(exchange, (passes) => onJudged(passes ? now : null));
  }

  /** A problem if the request does not lead to it any more. */
  #applicationNow(
    { authority, facts: { rawPath } }: Exchange,
    before: ProtectedApplication,
  ): ProtectedApplication | ProblemException {
    const { key, pathPrefix } = before;
    const route = this.applications.route(authority, pathPrefix === '/' ? rawPath : pathPrefix + rawPath);
    if (route === null || typeof route === 'string' || route.application.key !== key) {
      return new ProblemException('application_not_found', 'The application was removed while the request waited.');
    }
    return route.application.fault === null ? route.application : closed();
  }

  /** Without judging; recorded like any other. */
  refuse(proxied: ProxiedRequest, refusal: Deny | ProblemException): void {
    this.#refuseUnjudged(this.#exchangeOf(proxied), refusal);
  }

  #refuseUnjudged(exchange: Exchange, refusal: Deny | ProblemException): void {
    try {
      this.shipper.refuseWithoutRoom();
      if (refusal instanceof ProblemException) throw refusal;
      exchange.denial = refusal;
      this.#refuse(exchange);
    } catch (error) {
      this.#fail(exchange, error);
    }
  }

  #exchangeOf(proxied: ProxiedRequest): Exchange {
    const { request, response, facts, application, expectsContinue } = proxied;
    const exchange = new Exchange(
      request,
      response,
      requestIdOf(facts.head),
      facts,
      application.rules,
      expectsContinue,
    );
    exchange.door = 'proxy';
    exchange.authority = proxied.authority;
    exchange.upgrade = askedUpgrade(exchange);
    attachExchange(exchange);
    this.requestLog.watch(exchange);
    return exchange;
  }

  /** Answers a refusal. Most judgements are synchronous, which saves a turn. */
  #judge(exchange: Exchange, onJudged: (passes: boolean) => void): void {
    let judged: boolean | Promise<boolean>;
    try {
      judged = this.judgement.judge(exchange, NO_ROUTE);
    } catch (error) {
      this.#fail(exchange, error, onJudged);
      return;
    }
    if (typeof judged === 'boolean') {
      this.#goOnOrRefuse(exchange, judged, onJudged);
      return;
    }
    this.#waiting += 1;
    judged
      .then((passes) => this.#goOnOrRefuse(exchange, passes, onJudged))
      .catch((error: unknown) => this.#fail(exchange, error, onJudged))
      .finally(() => (this.#waiting -= 1));
  }

  #goOnOrRefuse(exchange: Exchange, passes: boolean, onJudged: (passes: boolean) => void): void {
    if (passes) onJudged(true);
    else this.#refuse(exchange, onJudged);
  }

  #forward(exchange: Exchange, application: ProtectedApplication): void {
    try {
      const { decision } = exchange;
      if (decision?.kind === 'pass' && decision.isPreflight === true) {
        answerPreflight(exchange, this.recorder);
        return;
      }
      if (decision?.kind === 'allow' && isForSessionEndpoint(decision)) {
        this.#waiting += 1;
        this.sessionEndpoint
          .answer(exchange, application, decision)
          .catch((error: unknown) => this.#fail(exchange, error))
          .finally(() => (this.#waiting -= 1));
        return;
      }
      this.forwarder.forward(exchange, application, (onJudged) => this.#judgeAgain(exchange, application, onJudged));
    } catch (error) {
      this.#fail(exchange, error);
    }
  }

  #refuse(exchange: Exchange, onRefused?: (passes: false) => void): void {
    if (exchange.denial === null) throw new Error('A request was refused without a reason.');
    const problem = denialProblem(exchange.denial, exchange.requestId);
    onRefused?.(false);
    this.#answer(exchange, problem);
  }

  /** A failure is not a denial, and is recorded as a failure. */
  #fail(exchange: Exchange, error: unknown, onFailed?: (passes: false) => void): void {
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
    const problem = codeProblem(code, detail, exchange.requestId);
    onFailed?.(false);
    this.#answer(exchange, problem);
  }

  #answer(exchange: Exchange, problem: Problem): void {
    const { request, response } = exchange;
    this.recorder.settle(exchange, problem.status, {
      release: () => {
        dropUnreadBody(request, response, REFUSED_BODY);
        writeProblem(exchange, problem, exchange.closesAfter(problem.status));
      },
      drop: () => response.destroy(),
    });
  }
}

/** Stored data cannot be read. Clients do not learn the cause. */
function closed(): ProblemException {
  return new ProblemException(
    'policy_unavailable',
    'A stored rule or secret of this application cannot be read. An administrator finds the cause in its warnings.',
  );
}
