import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { NO_ROUTE, type Deny, type RequestFacts } from '@scopegate/access';
import type { Authority } from '@scopegate/network';
import type { ProtectedApplication } from '../applications/application.js';
import { ApplicationsService } from '../applications/applications.service.js';
import { DecisionRecorder } from '../access/decision.recorder.js';
import { JudgementService } from '../access/judgement.service.js';
import { closedApplication, RefusalAnswer } from '../access/refusal.answer.js';
import { attachExchange, Exchange } from '../common/access/exchange.js';
import { ProblemException } from '../common/http/problem.exception.js';
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
  /** Requests that wait for the database or the like. */
  #waiting = 0;

  constructor(
    private readonly judgement: JudgementService,
    private readonly applications: ApplicationsService,
    private readonly forwarder: UpstreamForwarder,
    private readonly sessionEndpoint: SessionEndpoint,
    private readonly recorder: DecisionRecorder,
    private readonly refusal: RefusalAnswer,
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
      this.refusal.refuseUnjudged(exchange, closedApplication());
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
      onJudged(null);
      this.refusal.fail(exchange, now);
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
    return route.application.fault === null ? route.application : closedApplication();
  }

  /** Without judging; recorded like any other. */
  refuse(proxied: ProxiedRequest, refusal: Deny | ProblemException): void {
    this.refusal.refuseUnjudged(this.#exchangeOf(proxied), refusal);
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
      onJudged(false);
      this.refusal.fail(exchange, error);
      return;
    }
    if (typeof judged === 'boolean') {
      this.#goOnOrRefuse(exchange, judged, onJudged);
      return;
    }
    this.#waiting += 1;
    judged
      .then((passes) => this.#goOnOrRefuse(exchange, passes, onJudged))
      .catch((error: unknown) => {
        onJudged(false);
        this.refusal.fail(exchange, error);
      })
      .finally(() => (this.#waiting -= 1));
  }

  #goOnOrRefuse(exchange: Exchange, passes: boolean, onJudged: (passes: boolean) => void): void {
    onJudged(passes);
    if (!passes) this.refusal.refuse(exchange);
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
          .catch((error: unknown) => this.refusal.fail(exchange, error))
          .finally(() => (this.#waiting -= 1));
        return;
      }
      this.forwarder.forward(exchange, application, (onJudged) => this.#judgeAgain(exchange, application, onJudged));
    } catch (error) {
      this.refusal.fail(exchange, error);
    }
  }
}
