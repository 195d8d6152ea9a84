import { Controller, Delete, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, type Actor } from '../audit/actor.js';
import { NeedsStepUp } from '../common/access/route.decorators.js';
import { PageQuery, type Page } from '../common/paging/page.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { DepositsService } from './deposits.service.js';
import { DepositPageDto, type DepositDto } from './dto/deposit.dto.js';

const KEY = { description: 'The key of an application.', example: 'jira' } as const;

/** Administrators see and remove the credentials of users. They cannot store one for another user. */
@ApiTags('Applications')
@NeedsStepUp()
@Controller('api/v1/applications/:key/credentials')
export class ApplicationDepositsController {
  constructor(private readonly deposits: DepositsService) {}

  @Get()
  @ApiRoute({
    access: 'administrators',
    summary: 'List the credentials that users have stored for an application',
    description: 'Ordered by user name. No call returns a secret.',
    type: DepositPageDto,
    params: { key: KEY },
    problems: ['validation_failed', 'not_found'],
  })
  listCredentials(@Param('key') key: string, @Query() query: PageQuery): Promise<Page<DepositDto>> {
    return this.deposits.listOfApplication(key, query);
  }

  @Delete(':username')
  @ApiRoute({
    access: 'administrators',
    summary: 'Remove the credential of a user',
    description: 'The user can store another one.',
    status: 204,
    params: { key: KEY, username: { description: 'The name of a user, in any case.', example: 'anna' } },
    problems: ['not_found'],
  })
  deleteCredential(
    @Param('key') key: string,
    @Param('username') username: string,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    return this.deposits.removeOfApplication(key, username, actor);
  }
}
