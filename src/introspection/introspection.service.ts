import { Injectable } from '@nestjs/common';
import { NO_ROUTE, RequestHead, type Authenticated, type RouteRules } from '@scopegate/access';
import { effectiveExpiry } from '@scopegate/token';
import { JudgementService } from '../access/judgement.service.js';
import type { Exchange } from '../common/access/exchange.js';
import { ProblemException } from '../common/http/problem.exception.js';
import type { IntrospectedTokenDto, IntrospectionDto } from './dto/introspection.dto.js';

/** Neither its scope nor its applications make a token inactive: the service that asks compares them. */
const ANY_TOKEN: RouteRules = { ...NO_ROUTE, concernsOwnToken: true };

/** Judges a token as if it had been sent to this server. */
@Injectable()
export class IntrospectionService {
  constructor(private readonly judgement: JudgementService) {}

  /**
   * @param caller the request that asks
   * @throws ProblemException 429 instead of `inactive` after too many invalid tokens (R51), or if nothing can be judged
   */
  async introspect(caller: Exchange, { token, client_ip }: IntrospectedTokenDto): Promise<IntrospectionDto> {
    const { method, httpVersion, rawPath } = caller.facts;
    const head = RequestHead.of(['Host', 'introspected', 'Authorization', `Bearer ${token}`]);
    const facts = { method, httpVersion, rawPath, query: null, head, peer: client_ip };
    const asked = caller.ask('introspection', facts, null);
    await this.judgement.judgeAsked(asked, ANY_TOKEN);
    const { denial, decision } = asked;
    if (denial?.code === 'too_many_failures') {
      throw new ProblemException(denial.code, denial.detail, undefined, denial.retryAfterSeconds);
    }
    return decision?.kind === 'allow' ? describe(decision.authenticated) : { active: false };
  }
}

function describe({ principal, token, admitted }: Authenticated): IntrospectionDto {
  if (token === null) return { active: false };
  const expiryMs = effectiveExpiry(token, admitted.policy.validity);
  return {
    active: true,
    scope: token.scope,
    client_id: token.id,
    username: principal.username,
    sub: principal.id,
    ...(expiryMs === null ? {} : { exp: Math.floor(expiryMs / 1000) }),
    iat: Math.floor(token.createdAt / 1000),
    token_type: 'Bearer',
    ...(token.applications === null ? {} : { aud: [...token.applications].sort() }),
    scopegate: {
      tokenId: token.id,
      displayName: principal.displayName,
      email: principal.email,
      groups: [...principal.groups].sort(),
    },
  };
}
