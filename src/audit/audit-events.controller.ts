import { Controller, Get, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { parseIpAddress } from '@scopegate/network';
import { parseInstant, userNameKey } from '@scopegate/token';
import { AdministratorsOnly } from '../common/access/route.decorators.js';
import { invalidField, ProblemException } from '../common/http/problem.exception.js';
import { decodeCursor, pageOf } from '../common/paging/page.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { AuditEventRepository, type AuditEventFilter } from './audit-event.repository.js';
import { toDto } from './audit-event.mapper.js';
import { AuditShipper } from './audit.shipper.js';
import { AuditEventPageDto } from './dto/audit-event.dto.js';
import { AuditEventQuery } from './dto/audit-event.query.dto.js';

@ApiTags('Audit')
@AdministratorsOnly()
@Controller('api/v1/audit-events')
export class AuditEventsController {
  constructor(
    private readonly events: AuditEventRepository,
    private readonly shipper: AuditShipper,
  ) {}

  @Get()
  @ApiRoute({
    summary: 'List audit events, newest first',
    description: 'One log over all applications and the management API. It outlives the tokens it speaks of.',
    type: AuditEventPageDto,
    problems: ['validation_failed', 'administrator_required'],
  })
  async list(@Query() query: AuditEventQuery): Promise<AuditEventPageDto> {
    const cursor = decodeCursor(query.cursor, 1)?.[0] ?? null;
    if (cursor !== null && typeof cursor !== 'string') throw invalidField('cursor', 'is not one of this list.');
    const filter = filterOf(query);
    // What this node has answered is in its answer: the question waits for the events that are on their way.
    await this.shipper.flush();
    const rows = await this.events.newest(filter, cursor, query.limit + 1);
    const page = pageOf(rows, query.limit, (row) => [row.id], toDto);
    return { items: [...page.items], nextCursor: page.nextCursor };
  }
}

function filterOf(query: AuditEventQuery): AuditEventFilter {
  const clientIp = query.clientIp === undefined ? undefined : parseIpAddress(query.clientIp);
  if (clientIp === null) throw invalidField('clientIp', 'must be an IPv4 or IPv6 address.');
  return {
    ...(query.from === undefined ? {} : { fromMs: instantOf('from', query.from) }),
    ...(query.to === undefined ? {} : { toMs: instantOf('to', query.to) }),
    ...(query.type === undefined ? {} : { type: query.type }),
    ...(query.outcome === undefined ? {} : { outcome: query.outcome }),
    ...(query.code === undefined ? {} : { code: query.code }),
    ...(query.user === undefined ? {} : { userKey: userNameKey(query.user) }),
    ...(query.tokenId === undefined ? {} : { tokenId: query.tokenId }),
    ...(clientIp === undefined ? {} : { clientIp }),
    ...(query.application === undefined ? {} : { application: query.application }),
    ...(query.q === undefined ? {} : { text: query.q }),
  };
}

/** Reads an instant of a query: ISO 8601 with an offset. */
function instantOf(field: string, text: string): number {
  const instant = parseInstant(text);
  if (!instant.ok)
    throw new ProblemException('validation_failed', instant.message, [{ field, message: instant.message }]);
  return instant.instantMs;
}
