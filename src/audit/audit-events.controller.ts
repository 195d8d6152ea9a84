import { Body, Controller, Get, Post, Query, Res, StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { invalidField } from '../common/http/problem.exception.js';
import { decodeCursor, encodeCursor } from '../common/paging/page.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { Clock } from '../common/time/clock.js';
import type { AuditEventFilter } from './audit-event-filter.js';
import { filterOf, instantOf } from './audit-event-filter.parser.js';
import { AuditEventRepository } from './audit-event.repository.js';
import { toDto } from './audit-event.mapper.js';
import { AuditExporter } from './audit-exporter.js';
import { AuditShipper } from './audit-shipper.js';
import { AuditVerifier } from './audit-verifier.js';
import { FormerNames } from './former-names.js';
import { AuditEventPageDto } from './dto/audit-event.dto.js';
import { AuditEventExportQuery, AuditEventQuery, type AuditEventFilterQuery } from './dto/audit-event.query.dto.js';
import { AuditVerificationDto, AuditVerificationInput } from './dto/audit-verification.dto.js';

const MEDIA_TYPES = {
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
} as const;

@ApiTags('Audit')
@Controller('api/v1/audit-events')
export class AuditEventsController {
  constructor(
    private readonly events: AuditEventRepository,
    private readonly exporter: AuditExporter,
    private readonly verifier: AuditVerifier,
    private readonly formerNames: FormerNames,
    private readonly shipper: AuditShipper,
    private readonly clock: Clock,
  ) {}

  @Get()
  @ApiRoute({
    access: 'administrators',
    summary: 'List audit events, newest first',
    description:
      'One log for all applications and the management API. Events stay when their tokens are removed.\n\n' +
      'A filter by time, or one other filter, uses an index and is fast for any number of events. With several ' +
      'filters, or with `credential`, `door` or `q`, one page searches up to 100,000 events. Such a page can be short or ' +
      'empty and still have a `nextCursor`. Filter by time to make the search shorter.',
    type: AuditEventPageDto,
    problems: ['validation_failed'],
  })
  async listAuditEvents(@Query() query: AuditEventQuery): Promise<AuditEventPageDto> {
    const cursor = decodeCursor(query.cursor, 1)?.[0] ?? null;
    if (cursor !== null && typeof cursor !== 'string') throw invalidField('cursor', 'does not belong to this list.');
    const filter = await this.#filterOf(query);
    // What this node has answered is in its answer: the question waits for the events that are on their way.
    await this.shipper.flush();
    const { events, nextBefore } = await this.events.newest(filter, cursor, query.limit);
    return { items: events.map(toDto), nextCursor: nextBefore === null ? null : encodeCursor([nextBefore]) };
  }

  @Get('export')
  @ApiRoute({
    access: 'administrators',
    summary: 'Export audit events, newest first',
    description:
      'A stream of all events that match the filters: one JSON object in each line, or CSV (RFC 4180) with a ' +
      'header line. In CSV, a text that a spreadsheet would run as a formula begins with an apostrophe. If an ' +
      'export fails, it closes the connection early, so a file that was received to its end is complete.',
    text: {
      'application/x-ndjson': '{"id":"01KAQ3V7QC00000ABCDEFGHJKM","at":"2026-11-23T09:30:00.000Z","count":1,…}\n',
      'text/csv': 'id,at,count,…\r\n01KAQ3V7QC00000ABCDEFGHJKM,2026-11-23T09:30:00.000Z,1,…\r\n',
    },
    problems: ['validation_failed'],
  })
  async exportAuditEvents(
    @Query() query: AuditEventExportQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    const filter = await this.#filterOf(query);
    await this.shipper.flush();
    const stream = await this.exporter.export(filter, query.format);
    // 2026-11-23T03:12:59.123Z, without what file names cannot hold.
    const time = new Date(this.clock.nowMs()).toISOString().replace(/[:-]|\.\d+/g, '');
    void reply.header('Content-Disposition', `attachment; filename="scopegate-audit-${time}.${query.format}"`);
    void reply.header('Content-Type', MEDIA_TYPES[query.format]);
    return new StreamableFile(stream, { type: MEDIA_TYPES[query.format] });
  }

  @Post('verify')
  @ApiRoute({
    access: 'administrators',
    summary: 'Verify that no stored event was changed, removed or inserted',
    description:
      'Each event is a link of a chain, sealed with a key that is not in the database. With a filter by time, ' +
      'only the parts of the chains with those events are checked. A million events take some minutes. `npm ' +
      'run audit:verify` does the same on the command line.',
    type: AuditVerificationDto,
    body: {
      type: AuditVerificationInput,
      examples: {
        everything: {},
        'one month': { from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z' },
      },
    },
  })
  async verifyAuditEvents(@Body() input: AuditVerificationInput): Promise<AuditVerificationDto> {
    const range = {
      fromMs: input.from === undefined ? null : instantOf('from', input.from),
      toMs: input.to === undefined ? null : instantOf('to', input.to),
    };
    await this.shipper.flush();
    return this.verifier.verify(range);
  }

  async #filterOf(query: AuditEventFilterQuery): Promise<AuditEventFilter> {
    const filter = filterOf(query);
    return query.user === undefined ? filter : { ...filter, userNames: await this.formerNames.namesOf(query.user) };
  }
}
