import type { AuditEvent, StoredLink } from '@scopegate/audit';
import { userNameKey } from '@scopegate/token';
import type { AuditEventEntity } from './audit-event.entity.js';
import type { AuditEventDto } from './dto/audit-event.dto.js';

/** A row without its place in a chain. */
export type UnlinkedEvent = Omit<AuditEventEntity, 'chain' | 'chainSequence' | 'previousLink' | 'link'>;

/** A row as a link of its chain. */
export interface LinkedRow extends StoredLink {
  readonly row: AuditEventEntity;
}

export function toLink(row: AuditEventEntity): LinkedRow {
  const { id, chainSequence, previousLink, link } = row;
  return { id, sequence: chainSequence, previousLink, link, row };
}

/** A row as the event it was made from. */
export function toEvent(row: UnlinkedEvent): AuditEvent {
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
    detail: row.detail as AuditEvent['detail'],
  };
}

/** An event as a row. Over-long texts from outside are cut, so that none of them can stop the event being stored. */
export function toEntity(event: AuditEvent): UnlinkedEvent {
  return {
    id: event.id,
    atMs: event.atMs,
    count: event.count,
    type: event.type,
    outcome: event.outcome,
    code: event.code,
    actor: cut(event.actor, 255),
    actorKey: event.actor === null ? null : cut(userNameKey(event.actor), 255),
    owner: cut(event.owner, 255),
    ownerKey: event.owner === null ? null : cut(userNameKey(event.owner), 255),
    tokenId: event.tokenId,
    tokenDescription: cut(event.tokenDescription, 255),
    tokenScope: event.tokenScope,
    credential: event.credential,
    clientIp: event.clientIp,
    peer: cut(event.peer, 64),
    method: cut(event.method, 32),
    path: cut(event.path, 2048),
    application: event.application,
    status: event.status,
    durationMs: event.durationMs === null ? null : Math.round(event.durationMs),
    userAgent: cut(event.userAgent, 512),
    requestId: event.requestId,
    detail: event.detail,
  };
}

/** A row as the API shows it. */
export function toDto(row: UnlinkedEvent): AuditEventDto {
  return {
    id: row.id,
    at: new Date(row.atMs).toISOString(),
    count: row.count,
    type: row.type,
    outcome: row.outcome,
    code: row.code,
    actor: row.actor,
    owner: row.owner,
    tokenId: row.tokenId,
    tokenDescription: row.tokenDescription,
    tokenScope: row.tokenScope,
    credential: row.credential,
    clientIp: row.clientIp,
    peer: row.peer,
    method: row.method,
    path: row.path,
    application: row.application,
    status: row.status,
    durationMs: row.durationMs,
    userAgent: row.userAgent,
    requestId: row.requestId,
    detail: row.detail as Record<string, unknown> | null,
  };
}

/** As much of a text as fits, in the form in which both databases give it back. */
function cut(text: string | null, length: number): string | null {
  if (text === null) return null;
  return (text.length > length ? text.slice(0, length) : text).toWellFormed();
}
