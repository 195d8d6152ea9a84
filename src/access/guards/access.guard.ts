import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { exchangeOf } from '../../common/access/exchange.js';
import { JudgementService } from '../judgement.service.js';
import { doorOf, isPublicRoute, routeRulesOf } from '../route-metadata.js';

/** The same judgement as for proxied requests. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(private readonly judgement: JudgementService) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (isPublicRoute(context)) return true;
    const exchange = exchangeOf(context.switchToHttp().getRequest());
    exchange.door = doorOf(context);
    return this.judgement.judge(exchange, routeRulesOf(context, exchange.facts.method));
  }
}
