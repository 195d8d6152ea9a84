import { Injectable } from '@nestjs/common';
import {
  deny,
  guardRules,
  NO_ROUTE,
  RequestHead,
  type ApplicationRules,
  type Authenticated,
  type Mounts,
  type RequestFacts,
  type RouteRules,
} from '@scopegate/access';
import { parseTarget } from '@scopegate/path';
import { challenges, denialProblem } from '@scopegate/problem';
import { effectiveExpiry } from '@scopegate/token';
import { JudgementService } from '../access/judgement.service.js';
import { closedApplication } from '../access/refusal.answer.js';
import { ApplicationsService } from '../applications/applications.service.js';
import type { Exchange } from '../common/access/exchange.js';
import type { ProblemDto } from '../common/swagger/problem.dto.js';
import { ProblemException } from '../common/http/problem.exception.js';
import type { GuardDecisionDto, GuardedCallerDto, GuardedRequestDto } from './dto/guard-decision.dto.js';

/** Judges requests that other applications received. */
@Injectable()
export class GuardDecisionService {
  constructor(
    private readonly judgement: JudgementService,
    private readonly applications: ApplicationsService,
  ) {}

  /**
   * @param caller the request that asks
   * @throws ProblemException if the request cannot be judged
   */
  async decide(caller: Exchange, body: GuardedRequestDto): Promise<GuardDecisionDto> {
    const rules = guardRules(this.#rulesOf(body.application));
    const target = parseTarget(body.target);
    const facts: RequestFacts = {
      method: body.method,
      httpVersion: '1.1',
      rawPath: target.ok ? target.rawPath : '/',
      query: target.ok ? target.query : null,
      targetAuthority: target.ok ? target.authority : null,
      head: RequestHead.of(body.headers.flat()).describedFor(body.method),
      peer: body.clientIp ?? undefined,
    };
    const asked = caller.ask('guard', facts, rules);
    if (!target.ok) {
      asked.denial = deny('path_ambiguous', null, { detail: target.detail });
      return toDto(asked, rules);
    }
    const route: RouteRules = { ...NO_ROUTE, scope: body.scope ?? null };
    await this.judgement.judgeAsked(asked, route, mountsOf(rules));
    return toDto(asked, rules);
  }

  /** @throws ProblemException for an unknown application, or one whose rules cannot be read */
  #rulesOf(key: string | undefined): ApplicationRules | null {
    if (key === undefined) return null;
    const application = this.applications.byKey(key);
    if (application === null) throw new ProblemException('application_not_found', 'No application has this key.');
    if (application.fault !== null) throw closedApplication();
    return application.rules;
  }
}

/** Every path of the guarded server belongs to the application. */
function mountsOf(application: ApplicationRules): Mounts {
  return { route: (_authority, rest) => ({ application, rest, hasOwnHost: true, isMountItself: false }) };
}

function toDto(asked: Exchange, { challenge: offered }: ApplicationRules): GuardDecisionDto {
  const { denial, requestId, decision, facts } = asked;
  if (denial !== null) {
    const problem = denialProblem(denial, requestId);
    return {
      decision: 'deny',
      requestId,
      caller: null,
      problem: problem as ProblemDto,
      challenge: [...challenges(problem, { denial, head: facts.head, audience: 'proxied', offered })],
      retryAfterSeconds: denial.retryAfterSeconds ?? null,
    };
  }
  if (decision?.kind !== 'allow') throw new Error('A request was not decided.');
  const caller = toCaller(decision.authenticated);
  return { decision: 'allow', requestId, caller, problem: null, challenge: [], retryAfterSeconds: null };
}

function toCaller({ principal, token, admitted }: Authenticated): GuardedCallerDto {
  // Behind a guard only tokens are allowed.
  if (token === null) throw new Error('A request was allowed without a token.');
  const expiryMs = effectiveExpiry(token, admitted.policy.validity);
  return {
    username: principal.username,
    displayName: principal.displayName,
    email: principal.email,
    groups: [...principal.groups].sort(),
    tokenId: token.id,
    scope: token.scope,
    expiresAt: expiryMs === null ? null : new Date(expiryMs).toISOString(),
  };
}
