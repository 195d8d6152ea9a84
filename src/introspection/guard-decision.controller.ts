import { Body, Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentExchange, IsDoor } from '../common/access/route.decorators.js';
import type { Exchange } from '../common/access/exchange.js';
import { BODY_LIMITS } from '../common/http/body-limits.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { GuardDecisionDto, GuardedRequestDto } from './dto/guard-decision.dto.js';
import { GuardDecisionService } from './guard-decision.service.js';

@ApiTags('Introspection')
@Controller('introspect/decision')
export class GuardDecisionController {
  constructor(private readonly decisions: GuardDecisionService) {}

  @Post()
  @IsDoor('guard')
  @ApiRoute({
    access: 'introspectors',
    summary: 'Decide about a request that reached another application',
    description:
      'For guards such as `@scopegate/nest`. The same decision as in the gateway, but nothing passes through: a ' +
      'request without a Scopegate token is refused, because nothing behind a guard judges passwords. The body is ' +
      'not known here: a request whose body would decide is refused with `body_needed`. For administrators and users ' +
      'with the permission `introspect`; a read-only token is enough. The audit log gets one event for each decision, ' +
      'that of the request.',
    type: GuardDecisionDto,
    maxBodyBytes: BODY_LIMITS.token,
    body: {
      type: GuardedRequestDto,
      examples: {
        'a request': {
          method: 'GET',
          target: '/reports/7',
          headers: [
            ['Host', 'reports.example.com'],
            ['Authorization', 'Bearer sg_7Hq2LmP0aZx9_…'],
          ],
          clientIp: '203.0.113.7',
        },
      },
    },
    problems: ['application_not_found'],
  })
  decideRequest(@CurrentExchange() exchange: Exchange, @Body() body: GuardedRequestDto): Promise<GuardDecisionDto> {
    return this.decisions.decide(exchange, body);
  }
}
