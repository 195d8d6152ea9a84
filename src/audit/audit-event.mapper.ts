import { readStoredDetail, type AuditEvent, type StoredLink } from '@scopegate/audit';
import type { AuditEventEntity } from './audit-event.entity.js';
import type { AuditEventDto } from './dto/audit-event.dto.js';

/** A row as a link of its chain. */
export interface LinkedRow extends StoredLink {
  readonly row: AuditEventEntity;
}

export function toLink(row: AuditEventEntity): LinkedRow {
  const { id, chainSequence, previousLink, link } = row;
  return { id, sequence: chainSequence, previousLink, link, row };
}

/** A row as the event it was made from. */
export function toEvent(row: AuditEventEntity): AuditEvent {
  return {
    id: row.id,
    atMs: row.atMs,
    count: row.count,
    type: row.type as AuditEvent['type'],
    outcome: row.outcome as AuditEvent['outcome'],
    code: row.code,
    actor: row.actor,
    owner: row.owner,
    tokenId: row.tokenId,
    tokenDescription: row.tokenDescription,
    tokenScope: row.tokenScope,
    credential: row.credential as AuditEvent['credential'],
    clientIp: row.clientIp,
    peer: row.peer,
    method: row.method,
    path: row.path,
    application: row.application,
    status: row.status,
    durationMs: row.durationMs,
    userAgent: row.userAgent,
    requestId: row.requestId,
    ...readStoredDetail(row.detail),
  };
}

/** An event as the API shows it. */
export function toDto(event: AuditEvent): AuditEventDto {
  return {
    id: event.id,
    at: new Date(event.atMs).toISOString(),
    count: event.count,
    type: event.type,
    outcome: event.outcome,
    upstreamRefused: event.upstreamRefused,
    code: event.code,
    actor: event.actor,
    owner: event.owner,
    tokenId: event.tokenId,
    tokenDescription: event.tokenDescription,
    tokenScope: event.tokenScope,
    credential: event.credential,
    clientIp: event.clientIp,
    peer: event.peer,
    method: event.method,
    path: event.path,
    application: event.application,
    status: event.status,
    durationMs: event.durationMs,
    userAgent: event.userAgent,
    requestId: event.requestId,
    detail: event.detail,
  };
}
