import { userNameKey } from '@scopegate/token';
import type { AuditEvent } from './event.js';
import { storableDetail, storableInstant, storableInteger, storableText } from './storable.js';

/** An event with the one text that is journaled, linked and compared: it is made once. */
export interface RecordedEvent {
  readonly event: AuditEvent;
  /** What `encodeEvent` makes of it. */
  readonly content: string;
}

/** An event that fits its columns, and its content. */
export function recorded(event: AuditEvent): RecordedEvent {
  return { event, content: encodeEvent(event) };
}

/** An event before it gets its id. */
export type UnnumberedEvent = Omit<AuditEvent, 'id' | 'count'>;

/** An event as it can be stored: what does not fit is made to fit, so that nothing from outside can stop it. */
export function fitEvent(event: UnnumberedEvent, id: string, count = 1): AuditEvent {
  return {
    id,
    atMs: storableInstant(event.atMs),
    count,
    type: event.type,
    outcome: event.outcome,
    code: event.code,
    actor: storableText(event.actor, 255),
    owner: storableText(event.owner, 255),
    tokenId: event.tokenId,
    tokenDescription: storableText(event.tokenDescription, 255),
    tokenScope: event.tokenScope,
    credential: event.credential,
    clientIp: event.clientIp,
    peer: storableText(event.peer, 64),
    method: storableText(event.method, 32),
    path: storableText(event.path, 2048),
    application: event.application,
    status: event.status,
    durationMs: storableInteger(event.durationMs),
    userAgent: storableText(event.userAgent, 512),
    requestId: storableText(event.requestId, 64),
    detail: storableDetail(event.detail),
  };
}

/** A name as the filters look for it. */
export function nameKeyOf(name: string | null): string | null {
  return name === null ? null : storableText(userNameKey(name), 255);
}

/**
 * An event as one line of JSON: its fields in an order that is part of the format of the journal and of every link, and
 * the members of its detail in one order, since a database may hand them out in another one.
 */
export function encodeEvent(event: AuditEvent): string {
  return JSON.stringify([
    event.id,
    event.atMs,
    event.count,
    event.type,
    event.outcome,
    event.code,
    event.actor,
    event.owner,
    event.tokenId,
    event.tokenDescription,
    event.tokenScope,
    event.credential,
    event.clientIp,
    event.peer,
    event.method,
    event.path,
    event.application,
    event.status,
    event.durationMs,
    event.userAgent,
    event.requestId,
    event.detail === null ? null : inOrder(event.detail),
  ]);
}

/** What `encodeEvent` writes, in its order. */
type Fields = readonly [
  id: AuditEvent['id'],
  atMs: AuditEvent['atMs'],
  count: AuditEvent['count'],
  type: AuditEvent['type'],
  outcome: AuditEvent['outcome'],
  code: AuditEvent['code'],
  actor: AuditEvent['actor'],
  owner: AuditEvent['owner'],
  tokenId: AuditEvent['tokenId'],
  tokenDescription: AuditEvent['tokenDescription'],
  tokenScope: AuditEvent['tokenScope'],
  credential: AuditEvent['credential'],
  clientIp: AuditEvent['clientIp'],
  peer: AuditEvent['peer'],
  method: AuditEvent['method'],
  path: AuditEvent['path'],
  application: AuditEvent['application'],
  status: AuditEvent['status'],
  durationMs: AuditEvent['durationMs'],
  userAgent: AuditEvent['userAgent'],
  requestId: AuditEvent['requestId'],
  detail: AuditEvent['detail'],
];

const FIELD_COUNT = 22;

/**
 * The event of a content.
 * @throws SyntaxError where it is none
 */
export function decodeEvent(content: string): AuditEvent {
  const read: unknown = JSON.parse(content);
  if (!Array.isArray(read) || read.length !== FIELD_COUNT) throw new SyntaxError('This is no event.');
  const fields = read as unknown as Fields;
  return {
    id: fields[0],
    atMs: fields[1],
    count: fields[2],
    type: fields[3],
    outcome: fields[4],
    code: fields[5],
    actor: fields[6],
    owner: fields[7],
    tokenId: fields[8],
    tokenDescription: fields[9],
    tokenScope: fields[10],
    credential: fields[11],
    clientIp: fields[12],
    peer: fields[13],
    method: fields[14],
    path: fields[15],
    application: fields[16],
    status: fields[17],
    durationMs: fields[18],
    userAgent: fields[19],
    requestId: fields[20],
    detail: fields[21],
  };
}

/** A value with the members of every object in one order. */
export function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([first], [second]) => (first < second ? -1 : 1))
      .map(([name, member]) => [name, inOrder(member)]),
  );
}
