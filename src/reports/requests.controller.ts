import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Authenticated } from '@scopegate/access';
import { codesShownAs } from '@scopegate/problem';
import { AuditEventReader } from '../audit/audit-event.reader.js';
import { filterOf } from '../audit/audit-event-filter.parser.js';
import { CurrentCaller } from '../common/access/route.decorators.js';
import { invalidField, ProblemException } from '../common/http/problem.exception.js';
import { decodeCursor, encodeCursor } from '../common/paging/page.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { DirectoryService } from '../directory/directory.service.js';
import { ExplainedRequestDto, OwnRequestPageDto } from './dto/own-request.dto.js';
import { OwnRequestQuery } from './dto/own-request.query.dto.js';
import { toExplained, toOwnRequest } from './own-request.mapper.js';
import { OwnNamesReader } from './own-names.reader.js';

/** R101: what happened to requests, for the people whom they concern. */
@ApiTags('Requests')
@Controller('api/v1')
export class RequestsController {
  constructor(
    private readonly events: AuditEventReader,
    private readonly names: OwnNamesReader,
    private readonly directory: DirectoryService,
  ) {}

  @Get('me/requests')
  @ApiRoute({
    access: 'authenticated',
    summary: 'List your own requests, newest first',
    description:
      'Requests with one of your tokens, and your logins at Scopegate, with the code that the client got. A request ' +
      'that only named you, with a wrong secret or with a password for an application, is not yours: Scopegate does ' +
      'not know who sent it. One page searches up to 100,000 events, so it can be short or empty and still have a ' +
      '`nextCursor`. Filter by time to make the search shorter.',
    type: OwnRequestPageDto,
    problems: ['validation_failed'],
  })
  async listOwnRequests(
    @CurrentCaller() { principal }: Authenticated,
    @Query() query: OwnRequestQuery,
  ): Promise<OwnRequestPageDto> {
    const cursor = decodeCursor(query.cursor, 1)?.[0] ?? null;
    if (cursor !== null && typeof cursor !== 'string') throw invalidField('cursor', 'does not belong to this list.');
    const { code, ...others } = query;
    const filter = {
      ...filterOf(others),
      own: await this.names.namesOf(principal),
      // A user knows public codes alone: a filter must not tell what the answer hid.
      ...(code === undefined ? {} : { codes: codesShownAs(code) }),
    };
    const { events, nextBefore } = await this.events.newest(filter, cursor, query.limit);
    return { items: events.map(toOwnRequest), nextCursor: nextBefore === null ? null : encodeCursor([nextBefore]) };
  }

  @Get('requests/:requestId')
  @ApiRoute({
    access: 'authenticated',
    summary: 'Explain a request by its id',
    description:
      'Which stage refused the request, why, and what to do. The id is the `X-Request-Id` of the answer and the ' +
      '`requestId` of a problem. You see your own requests, with the reason that the client got; administrators see ' +
      'every request, with the true reason. Anything else is a 404. If several requests have the id, the answer is ' +
      'about the newest. Of many identical failures only the first is found by its id.',
    type: ExplainedRequestDto,
    params: { requestId: { description: 'The id of a request.', example: '5bc4e3a80823aa15a9a304027e79128b' } },
    problems: ['not_found'],
  })
  async getRequest(
    @CurrentCaller() { principal }: Authenticated,
    @Param('requestId') requestId: string,
  ): Promise<ExplainedRequestDto> {
    const seesAll = this.directory.isAdministrator(principal);
    const event = await this.events.ofRequest(requestId, seesAll ? null : await this.names.namesOf(principal));
    if (event === null) {
      throw new ProblemException('not_found', 'No request with this id is in the audit log, or it is not yours.');
    }
    return toExplained(event, seesAll);
  }
}
