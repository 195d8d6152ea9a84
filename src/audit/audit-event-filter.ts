import { isStorableText } from '@scopegate/kernel';
import type { AuditEventEntity } from './audit-event.entity.js';

/** Which events a list shows, by the columns of the table. An event has to meet all limits. */
export interface AuditEventFilter {
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly type?: string;
  readonly outcome?: string;
  readonly code?: string;
  /** The actor's or the owner's name without case. */
  readonly userKey?: string;
  readonly tokenId?: string;
  readonly clientIp?: string;
  readonly application?: string;
  /** The kind of credential that was presented. It has no index. */
  readonly credential?: string;
  /** Part of the token's description, the path or the user agent, without case. */
  readonly text?: string;
}

/** The columns that decide whether an event is shown. */
export const FILTERED_COLUMNS = [
  'id',
  'type',
  'outcome',
  'code',
  'actorKey',
  'ownerKey',
  'tokenId',
  'clientIp',
  'application',
  'credential',
  'tokenDescription',
  'path',
  'userAgent',
] as const satisfies readonly (keyof AuditEventEntity)[];

/** The columns of an event that a filter compares. */
export type FilteredEvent = Pick<AuditEventEntity, (typeof FILTERED_COLUMNS)[number]>;

/** The limits that compare one column, each with an index. The first one leaves the fewest events. */
export const EQUALITY_FILTERS = ['tokenId', 'clientIp', 'code', 'application', 'type', 'outcome'] as const;

/** Whether any event can meet a filter: stored texts hold no character that a database would change. */
export function canBeMet(filter: AuditEventFilter): boolean {
  return Object.values(filter).every((limit) => typeof limit !== 'string' || isStorableText(limit));
}

/** Whether an event meets every limit except those of time. Both databases compare letters in the same way here. */
export function meets(event: FilteredEvent, filter: AuditEventFilter): boolean {
  for (const column of EQUALITY_FILTERS) {
    if (filter[column] !== undefined && event[column] !== filter[column]) return false;
  }
  const { userKey, credential, text } = filter;
  if (credential !== undefined && event.credential !== credential) return false;
  if (userKey !== undefined && event.actorKey !== userKey && event.ownerKey !== userKey) return false;
  if (text === undefined) return true;
  const lowerCase = text.toLowerCase();
  return [event.tokenDescription, event.path, event.userAgent].some(
    (column) => column?.toLowerCase().includes(lowerCase) === true,
  );
}
