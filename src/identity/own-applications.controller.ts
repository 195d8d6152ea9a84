import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { shownMount } from '../applications/application.mapper.js';
import { ApplicationsService } from '../applications/applications.service.js';
import { PageQuery, type Page } from '../common/paging/page.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { takesDeposits } from './deposit.js';
import { OwnApplicationDto, OwnApplicationPageDto } from './dto/own-application.dto.js';

@ApiTags('Me')
@Controller('api/v1/me/applications')
export class OwnApplicationsController {
  constructor(private readonly applications: ApplicationsService) {}

  @Get()
  @ApiRoute({
    access: 'authenticated',
    summary: 'List the applications that tokens can be used with',
    description: 'Where each is reached, and whether it needs a credential of yours. Ordered by key.',
    type: OwnApplicationPageDto,
    problems: ['validation_failed'],
  })
  listOwnApplications(@Query() query: PageQuery): Page<OwnApplicationDto> {
    return this.applications.list(query, ({ key, document: { name, kind, mount } }) => ({
      key,
      name,
      kind,
      mount: shownMount(mount),
      takesCredential: takesDeposits(this.applications.byKey(key)),
    }));
  }
}
