import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { exchangeOf } from '../../common/access/exchange.js';
import { JudgementService } from '../judgement.service.js';
import { doorOf, isPublicRoute, opensSession, routeRulesOf } from '../route-metadata.js';

/** The same judgement as for proxied requests. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(private readonly judgement: JudgementService) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const exchange = exchangeOf(context.switchToHttp().getRequest());
    if (opensSession(context)) return this.judgement.admitsLogin(exchange);
    if (isPublicRoute(context)) return true;
    exchange.door = doorOf(context);
    return this.judgement.judge(exchange, routeRulesOf(context, exchange.facts.method));
  }
}
