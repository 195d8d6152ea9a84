import { Body, Controller, Param, Post } from '@nestjs/common';
import type { Authenticated } from '@scopegate/access';
import { ApiTags } from '@nestjs/swagger';
import { CurrentCaller } from '../common/access/route.decorators.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { ApplicationChecker } from './application.checker.js';
import { ApplicationCheckDto, CheckApplicationDto } from './dto/application-check.dto.js';

@ApiTags('Applications')
@Controller('api/v1/applications')
export class ApplicationCheckController {
  constructor(private readonly checker: ApplicationChecker) {}

  @Post(':key/check')
  @ApiRoute({
    access: 'administrators',
    summary: 'Ask the upstream which user it sees',
    description:
      'The gateway sends a request like a read-only token request of the user, to the call of the product that returns ' +
      'the current user: with identity headers, a signed assertion, or a stored credential. If the user has no ' +
      'credential that works, it asks the call for the health of the product instead, without an identity. The answer ' +
      'shows the result and what to do. The request goes only to the stored `upstream`, follows no redirect, and takes ' +
      'at most five seconds.',
    type: ApplicationCheckDto,
    params: { key: { description: 'The key of an application.', example: 'jira' } },
    body: {
      type: CheckApplicationDto,
      examples: {
        'as the caller': {},
        'as another user': { username: 'alice' },
        'with a secret to try': { username: 'alice', secrets: { 'X-Api-Key': 'the secret itself' } },
      },
    },
    problems: ['validation_failed', 'not_found', 'policy_unavailable'],
  })
  checkApplication(
    @CurrentCaller() caller: Authenticated,
    @Param('key') key: string,
    @Body() body: CheckApplicationDto,
  ): Promise<ApplicationCheckDto> {
    return this.checker.check(caller.principal, key, body);
  }
}
