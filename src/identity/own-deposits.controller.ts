import { Body, Controller, Delete, Get, Param, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Authenticated } from '@scopegate/access';
import { CurrentActor, type Actor } from '../audit/actor.js';
import { CurrentCaller, PasswordLoginOnly } from '../common/access/route.decorators.js';
import { PageQuery, type Page } from '../common/paging/page.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { DepositsService } from './deposits.service.js';
import { DepositDto, DepositPageDto, StoreDepositDto } from './dto/deposit.dto.js';

const APPLICATION = { application: { description: 'The key of an application.', example: 'jira' } } as const;

/** The caller's own credentials for applications (R68). A stolen token must not replace or remove one. */
@ApiTags('Me')
@PasswordLoginOnly()
@Controller('api/v1/me/credentials')
export class OwnDepositsController {
  constructor(private readonly deposits: DepositsService) {}

  @Get()
  @ApiRoute({
    access: 'authenticated',
    summary: 'List your credentials for applications',
    description: 'Ordered by the key of the application. No call returns a secret.',
    type: DepositPageDto,
    problems: ['validation_failed'],
  })
  listOwnCredentials(@CurrentCaller() caller: Authenticated, @Query() query: PageQuery): Promise<Page<DepositDto>> {
    return this.deposits.listOfUser(caller.principal, query);
  }

  @Put(':application')
  @ApiRoute({
    access: 'authenticated',
    summary: 'Store your credential for an application',
    description:
      'The gateway sends it with the requests of your tokens, so that the application sees you. It is tried first: ' +
      'the application must accept it and name your account, or nothing is stored. It replaces an earlier one. You ' +
      'must log in with your password.',
    type: DepositDto,
    params: APPLICATION,
    body: {
      type: StoreDepositDto,
      examples: {
        'a personal access token': { type: 'bearer', secret: 'the token that the application has given you' },
        'a user name and an API token': {
          type: 'basic',
          username: 'alice@example.com',
          secret: 'the token that the application has given you',
        },
      },
    },
    problems: ['not_found', 'conflict', 'upstream_account_mismatch', 'upstream_unreachable'],
  })
  replaceOwnCredential(
    @Param('application') application: string,
    @Body() asked: StoreDepositDto,
    @CurrentCaller() caller: Authenticated,
    @CurrentActor() actor: Actor,
  ): Promise<DepositDto> {
    return this.deposits.store(caller.principal, application, asked, actor);
  }

  @Post(':application/check')
  @ApiRoute({
    access: 'authenticated',
    summary: 'Try your stored credential again',
    description:
      'Do this after the application has refused it, or to allow that it is sent to the new address of the ' +
      'application. `state` is the result. If the credential could not be tried, it stays as it is. You must log in with your ' +
      'password.',
    type: DepositDto,
    params: APPLICATION,
    problems: ['not_found', 'conflict', 'upstream_account_mismatch', 'upstream_unreachable'],
  })
  checkOwnCredential(
    @Param('application') application: string,
    @CurrentCaller() caller: Authenticated,
    @CurrentActor() actor: Actor,
  ): Promise<DepositDto> {
    return this.deposits.check(caller.principal, application, actor);
  }

  @Delete(':application')
  @ApiRoute({
    access: 'authenticated',
    summary: 'Remove your credential for an application',
    description:
      'The requests of your tokens are then refused there with `upstream_credential_missing`. You must log in with ' +
      'your password.',
    status: 204,
    params: APPLICATION,
    problems: ['not_found'],
  })
  deleteOwnCredential(
    @Param('application') application: string,
    @CurrentCaller() caller: Authenticated,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    return this.deposits.removeOfUser(caller.principal, application, actor);
  }
}
