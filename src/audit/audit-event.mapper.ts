import { EVENT_FIELD_NAMES, type AuditEvent, type StoredLink } from '@scopegate/audit';
import type { AuditEventEntity } from './audit-event.entity.js';
import type { AuditEventDto, ShownEvent } from './dto/audit-event.dto.js';

export interface LinkedRow extends StoredLink {
  readonly row: AuditEventEntity;
}

export function toLink(row: AuditEventEntity): LinkedRow {
  const { id, chainSequence, previousLink, link } = row;
  return { id, sequence: chainSequence, previousLink, link, row };
}

export const SHOWN_FIELDS = EVENT_FIELD_NAMES.map((name) => (name === 'atMs' ? 'at' : name));

export function toDto(event: AuditEvent): AuditEventDto {
  const shown = { ...event, at: new Date(event.atMs).toISOString() };
  return Object.fromEntries(SHOWN_FIELDS.map((name) => [name, shown[name]])) as unknown as ShownEvent;
}
