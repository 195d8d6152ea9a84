import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import {
  deny,
  isTrustedProxy,
  NO_ROUTE,
  readAskedPath,
  readStatuses,
  readSubject,
  upstreamLines,
  type AskedPath,
  type AskedStatuses,
  type Decision,
  type Deny,
  type Door,
  type RequestFacts,
} from '@scopegate/access';
import type { Authority } from '@scopegate/network';
import { codeProblem } from '@scopegate/problem';
import { forwardedPath } from '@scopegate/upstream';
import { AccessPolicySnapshot } from '../access/access-policy.js';
import { DecisionRecorder } from '../access/decision.recorder.js';
import { JudgementService } from '../access/judgement.service.js';
import { closedApplication, RefusalAnswer, type ProblemWriter } from '../access/refusal.answer.js';
import type { ProtectedApplication } from '../applications/application.js';
import { ApplicationsService } from '../applications/applications.service.js';
import { Exchange } from '../common/access/exchange.js';
import { ProblemException } from '../common/http/problem.exception.js';
import { requestIdOf } from '../common/http/request-id.js';
import { dropUnreadBody, REFUSED_BODY } from '../common/http/unread-body.js';
import { RequestLog } from '../common/logging/request.log.js';
import { CONFIGURATION } from '../config/config.module.js';
import type { Configuration } from '../config/env.js';
import { ChangeFeed } from '../database/change-feed.js';
import { UpstreamIdentity } from '../identity/upstream-identity.js';
import { writeAllow, writeRefusal } from './door.answer.js';
import { ownedHeadersOf } from './owned-headers.js';

/** A limit, even if the rules change again and again. */
const MAX_JUDGEMENTS = 3;

/** The request of a proxy that asks whether another request may pass. */
export interface AskingRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Of the asking request; null if it names no host. */
  readonly authority: Authority | null;
  readonly facts: RequestFacts;
  /** What is wrong with it as a request; otherwise null. */
  readonly formDenial: Deny | null;
  /** Why the target cannot be read; otherwise null. */
  readonly targetFault: string | null;
  readonly expectsContinue: boolean;
}

interface Asked {
  readonly path: AskedPath;
  readonly application: ProtectedApplication;
  readonly statuses: AskedStatuses;
  readonly write: ProblemWriter;
}

/**
 * Forward authentication (R84 to R86): answers a proxy whether a request may pass, by the decision of the gateway, and
 * what the upstream must get. Nothing is decided here.
 */
@Injectable()
export class ForwardAuthService {
  #waiting = 0;

  constructor(
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    private readonly applications: ApplicationsService,
    private readonly policy: AccessPolicySnapshot,
    private readonly judgement: JudgementService,
    private readonly identity: UpstreamIdentity,
    private readonly recorder: DecisionRecorder,
    private readonly refusal: RefusalAnswer,
    private readonly requestLog: RequestLog,
    private readonly changes: ChangeFeed,
  ) {}

  /** Decisions that wait for the database or the like. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Never throws. */
  answer(asking: AskingRequest): void {
    const statuses = readStatuses(asking.facts.query);
    const write: ProblemWriter = (exchange, problem) => writeRefusal(exchange, problem, statuses.isForNginx);
    if (!this.configuration.forwardAuth) {
      this.#answerUnrecorded(this.#exchangeOf(asking, asking.facts, null, 'headers'), SWITCHED_OFF, write);
      return;
    }
    const path = readAskedPath(asking.facts.rawPath);
    const application = path === null ? null : this.applications.byKey(path.key);
    const refused = this.#refusalOf(asking, application);
    if (refused !== null || path === null || application === null) {
      const exchange = this.#exchangeOf(asking, asking.facts, application, path?.door ?? 'headers');
      if (refused === null) this.#answerUnrecorded(exchange, UNKNOWN_APPLICATION, write);
      else this.refusal.refuseUnjudged(exchange, refused, write);
      return;
    }
    this.#answerSubject(asking, { path, application, statuses, write });
  }

  /** In this order: who is not trusted learns nothing about applications. */
  #refusalOf(
    { facts, formDenial, targetFault }: AskingRequest,
    application: ProtectedApplication | null,
  ): Deny | ProblemException | null {
    if (formDenial !== null) return formDenial;
    if (!isTrustedProxy(facts.peer, this.policy.current())) return deny('proxy_not_trusted');
    if (application === null) return null;
    if (application.fault !== null) return closedApplication();
    return targetFault === null ? null : deny('path_ambiguous', null, { detail: targetFault });
  }

  /** There is no application, as for a request to the gateway that leads nowhere. */
  #answerUnrecorded(exchange: Exchange, problem: ProblemException, write: ProblemWriter): void {
    exchange.problem = problem;
    dropUnreadBody(exchange.request, exchange.response, REFUSED_BODY);
    write(exchange, codeProblem(problem.code, problem.detail, exchange.requestId));
  }

  #answerSubject(asking: AskingRequest, asked: Asked): void {
    const { path, application, statuses, write } = asked;
    const { query } = statuses;
    const { pathPrefix } = application;
    const { names } = ownedHeadersOf(application);
    const subject = readSubject(
      path,
      { ...asking.facts, query },
      { application: application.rules, pathPrefix, ownedNames: names },
    );
    const facts = subject.ok ? subject.facts : asking.facts;
    const exchange = this.#exchangeOf(asking, facts, application, path.door);
    if (subject.ok) this.#judge(exchange, asked);
    else this.refusal.refuseUnjudged(exchange, subject.denial, write);
  }

  #exchangeOf(
    { request, response, authority, expectsContinue }: AskingRequest,
    facts: RequestFacts,
    application: ProtectedApplication | null,
    door: Door,
  ): Exchange {
    const rules = application?.rules ?? null;
    const exchange = new Exchange(request, response, requestIdOf(facts.head), facts, rules, expectsContinue);
    exchange.door = door;
    exchange.authority = authority;
    this.requestLog.watch(exchange);
    return exchange;
  }

  /** Most judgements are synchronous, which saves a turn. */
  #judge(exchange: Exchange, asked: Asked): void {
    const { version } = this.changes;
    try {
      const judged = this.judgement.judge(exchange, NO_ROUTE);
      if (judged instanceof Promise) this.#wait(exchange, asked, this.#judgeToEnd(exchange, asked, version, judged));
      else this.#answerJudged(exchange, asked, judged);
    } catch (error) {
      this.refusal.fail(exchange, error, asked.write);
    }
  }

  /** Judges again if something has changed while the decision waited (R64). */
  async #judgeToEnd(exchange: Exchange, asked: Asked, before: number, judging: Promise<boolean>): Promise<void> {
    let passes = await judging;
    let version = before;
    let { application } = asked;
    for (let left = MAX_JUDGEMENTS; passes && left > 0 && this.changes.version !== version; left -= 1) {
      version = this.changes.version;
      application = this.#applicationNow(application);
      exchange.application = application.rules;
      exchange.forgetJudgement();
      passes = await this.judgement.judge(exchange, NO_ROUTE);
    }
    this.#answerJudged(exchange, { ...asked, application }, passes);
  }

  #applicationNow({ key }: ProtectedApplication): ProtectedApplication {
    const application = this.applications.byKey(key);
    if (application === null) throw UNKNOWN_APPLICATION;
    if (application.fault !== null) throw closedApplication();
    return application;
  }

  #wait(exchange: Exchange, { write }: Asked, answered: Promise<void>): void {
    this.#waiting += 1;
    answered.catch((error: unknown) => this.refusal.fail(exchange, error, write)).finally(() => (this.#waiting -= 1));
  }

  #answerJudged(exchange: Exchange, asked: Asked, passes: boolean): void {
    if (!passes) {
      this.refusal.refuse(exchange, asked.write);
      return;
    }
    const { decision, facts } = exchange;
    const { application } = asked;
    if (decision === null || decision.kind === 'deny') throw new Error('A request passes by a decision.');
    if (decision.kind === 'pass') {
      this.#allow(exchange, asked, null);
      return;
    }
    const path = forwardedPath(application.target, upstreamPathOf(decision, facts), facts.query);
    const identity = this.identity.identityOf(application, decision, { method: facts.method, path });
    if (!(identity instanceof Promise)) {
      this.#allow(exchange, asked, identity.lines);
      return;
    }
    this.#wait(
      exchange,
      asked,
      identity.then(({ lines }) => this.#allow(exchange, asked, lines)),
    );
  }

  #allow(exchange: Exchange, { application, statuses }: Asked, identity: readonly string[] | null): void {
    const lines = upstreamLines(ownedHeadersOf(application), identity, exchange.facts.head.lines);
    this.recorder.settle(exchange, 200, {
      release: () => writeAllow(exchange, lines, statuses.isForNginx),
      drop: () => exchange.response.destroy(),
    });
  }
}

const SWITCHED_OFF = new ProblemException(
  'not_found',
  'Forward authentication is switched off here. An administrator can set SCOPEGATE_FORWARD_AUTH to "true".',
);

const UNKNOWN_APPLICATION = new ProblemException(
  'application_not_found',
  'No application has this key. Ask at /authorize/{application}, or with the original target behind it.',
);

/** Null for the mount itself (R113). The proxy sends the path as it came, so this is the path as it came. */
function upstreamPathOf(decision: Decision, { isMountItself, rawPath }: RequestFacts): string | null {
  return decision.kind === 'allow' && isMountItself === true ? null : rawPath;
}
