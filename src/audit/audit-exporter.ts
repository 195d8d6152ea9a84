import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { csvLine } from '@scopegate/audit';
import type { AuditEventFilter } from './audit-event-filter.js';
import { SHOWN_FIELDS, toDto } from './audit-event.mapper.js';
import { AuditEventRepository, type EventSlice } from './audit-event.repository.js';
import type { AuditEventDto } from './dto/audit-event.dto.js';
import type { ExportFormat } from './dto/audit-event.query.dto.js';

const PAGE_SIZE = 250;

@Injectable()
export class AuditExporter {
  constructor(private readonly events: AuditEventRepository) {}

  /** If the stream fails, it breaks the connection, so that a part is not taken for the whole log. */
  async export(filter: AuditEventFilter, format: ExportFormat): Promise<Readable> {
    const first = await this.events.newest(filter, null, PAGE_SIZE);
    return Readable.from(this.#write(filter, format, first), { objectMode: false });
  }

  async *#write(filter: AuditEventFilter, format: ExportFormat, first: EventSlice): AsyncGenerator<string> {
    if (format === 'csv') yield csvLine(SHOWN_FIELDS);
    for (let slice = first; ;) {
      let text = '';
      for (const row of slice.events) text += format === 'csv' ? csvOf(toDto(row)) : `${JSON.stringify(toDto(row))}\n`;
      if (text !== '') yield text;
      if (slice.nextBefore === null) return;
      slice = await this.events.newest(filter, slice.nextBefore, PAGE_SIZE);
    }
  }
}

function csvOf(event: AuditEventDto): string {
  return csvLine(SHOWN_FIELDS.map((column) => event[column]));
}
