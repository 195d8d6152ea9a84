import type { Brand } from '@scopegate/kernel';
import { userNameKey } from '@scopegate/token';
import type { AuditEvent } from './event.js';
import { boundedText, storableDetail, storableInstant, storableInteger, storableText } from './storable.js';

/**
 * An event as one line of JSON, made once: it is journaled, linked and stored as it is. An array, whose order is part of
 * the format of the journal, of every link and of the statement that stores it.
 */
export type EventContent = Brand<string, 'EventContent'>;

/** What stands in a content, in its order: the columns of the table but for the place in a chain. */
export const CONTENT_FIELDS = [
  'outcome',
  'id',
  'atMs',
  'count',
  'type',
  'code',
  'actor',
  'actorKey',
  'owner',
  'ownerKey',
  'tokenId',
  'tokenDescription',
  'tokenScope',
  'credential',
  'clientIp',
  'peer',
  'method',
  'path',
  'application',
  'status',
  'durationMs',
  'userAgent',
  'requestId',
  'detail',
] as const;

/** What is no part of the event itself. */
const DERIVED_FIELDS: ReadonlySet<string> = new Set(['actorKey', 'ownerKey']);

/**
 * The content of an event. What does not fit the columns is made to fit, so that nothing from outside can stop an event
 * being stored, and what is linked is what a reader finds. The names are there once more as the filters look for them,
 * and the members of the detail stand in one order, since a database may hand them out in another one.
 */
export function encodeEvent(event: AuditEvent): EventContent {
  const content = contentOf(event, boundedText);
  // What a database would not give back (half of a surrogate pair, a NUL) is an escape in JSON, and hardly ever there.
  return content.includes('\\u') ? contentOf(event, storableText) : content;
}

/** @param fitting what of a text fits into so many characters */
function contentOf(event: AuditEvent, fitting: typeof storableText): EventContent {
  const actor = fitting(event.actor, 255);
  const owner = fitting(event.owner, 255);
  return JSON.stringify([
    fitting(event.outcome, 10) ?? '',
    event.id,
    storableInstant(event.atMs),
    storableInteger(event.count) ?? 1,
    fitting(event.type, 40) ?? '',
    fitting(event.code, 40),
    actor,
    nameKeyOf(actor),
    owner,
    nameKeyOf(owner),
    fitting(event.tokenId, 12),
    fitting(event.tokenDescription, 255),
    fitting(event.tokenScope, 12),
    fitting(event.credential, 16),
    fitting(event.clientIp, 45),
    fitting(event.peer, 64),
    fitting(event.method, 32),
    fitting(event.path, 2048),
    fitting(event.application, 64),
    storableInteger(event.status),
    storableInteger(event.durationMs),
    fitting(event.userAgent, 512),
    fitting(event.requestId, 64),
    inOrder(storableDetail(storedDetail(event))),
  ]) as EventContent;
}

/**
 * The detail as it is stored. A refusal by the upstream stands in it: a place of its own would change the content, and so
 * the link, of every event that was stored before there was one.
 */
function storedDetail({ detail, upstreamRefused }: AuditEvent): AuditEvent['detail'] {
  return upstreamRefused ? { ...detail, upstreamRefused } : detail;
}

/** Takes a stored detail apart into what the event is made of. */
export function readStoredDetail(stored: unknown): Pick<AuditEvent, 'detail' | 'upstreamRefused'> {
  const detail = (stored ?? null) as AuditEvent['detail'];
  if (detail?.['upstreamRefused'] !== true) return { detail, upstreamRefused: false };
  const { upstreamRefused: _, ...others } = detail;
  return { detail: Object.keys(others).length === 0 ? null : others, upstreamRefused: true };
}

/** A name as the filters look for it. */
export function nameKeyOf(name: string | null): string | null {
  return name === null ? null : storableText(userNameKey(name), 255);
}

/** Whether it is the content of a failure, without reading it. */
export function isFailure(content: EventContent): boolean {
  return content.startsWith('["failed"');
}

/** The values of a content in the order of `CONTENT_FIELDS`. */
export function contentValues(content: EventContent): unknown[] {
  return JSON.parse(content) as unknown[];
}

/** The event of a content. */
export function decodeEvent(content: EventContent): AuditEvent {
  const values = contentValues(content);
  const members = CONTENT_FIELDS.map((name, index) => [name, values[index]] as const);
  const event = Object.fromEntries(members.filter(([name]) => !DERIVED_FIELDS.has(name))) as unknown as AuditEvent;
  return { ...event, ...readStoredDetail(event.detail) };
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
