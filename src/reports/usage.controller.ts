import { Controller, Get, Query } from '@nestjs/common';
import { ApiQuery, ApiTags } from '@nestjs/swagger';
import type { Authenticated } from '@scopegate/access';
import { CurrentCaller } from '../common/access/route.decorators.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { UsageDto } from './dto/usage.dto.js';
import { BY_PARAMETER, UsageQuery } from './dto/usage.query.dto.js';
import { UsageService } from './usage.service.js';

@ApiTags('Reports')
@Controller('api/v1/reports')
export class UsageController {
  constructor(private readonly usage: UsageService) {}

  @Get('usage')
  @ApiRoute({
    access: 'authenticated',
    summary: 'Count events by day, credential, application, user, code or token',
    description:
      'With the filters of the audit log. Administrators count all events, others their own requests alone (see ' +
      '`GET /me/requests`). The default is the last 30 days; a range has at most 400.\n\n' +
      'Who still uses passwords: `by=user&credential=password`. How that falls: `by=day,credential`.\n\n' +
      'Whole days (UTC) are counted beforehand, and fast for any number of events. A part of a day, and the filters ' +
      '`clientIp` and `q`, search up to 100,000 events; if there are more, `complete` is false.',
    type: UsageDto,
    problems: ['validation_failed'],
  })
  @ApiQuery(BY_PARAMETER)
  getUsage(@CurrentCaller() { principal }: Authenticated, @Query() query: UsageQuery): Promise<UsageDto> {
    return this.usage.report(principal, query);
  }
}
