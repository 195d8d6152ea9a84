import { isStorableText } from '@scopegate/kernel';
import type { AuditEventEntity } from './audit-event.entity.js';

export interface AuditEventFilter {
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly type?: string;
  readonly outcome?: string;
  readonly code?: string;
  /** The name of the actor or the owner, without case. */
  readonly userKey?: string;
  readonly tokenId?: string;
  readonly clientIp?: string;
  readonly application?: string;
  readonly credential?: string;
  readonly door?: string;
  /** Searched without case in the token's description, the path and the user agent. */
  readonly text?: string;
}

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
  'door',
  'tokenDescription',
  'path',
  'userAgent',
] as const satisfies readonly (keyof AuditEventEntity)[];

export type FilteredEvent = Pick<AuditEventEntity, (typeof FILTERED_COLUMNS)[number]>;

export const EQUALITY_FILTERS = ['tokenId', 'clientIp', 'code', 'application', 'type', 'outcome'] as const;

/** These columns have no index. */
export const UNINDEXED_FILTERS = ['credential', 'door'] as const;

/** Stored texts hold no character that a database would change, so some filters find nothing. */
export function canBeMet(filter: AuditEventFilter): boolean {
  return Object.values(filter).every((limit) => typeof limit !== 'string' || isStorableText(limit));
}

/** Ignores the limits of time. */
export function meets(event: FilteredEvent, filter: AuditEventFilter): boolean {
  for (const column of [...EQUALITY_FILTERS, ...UNINDEXED_FILTERS]) {
    if (filter[column] !== undefined && event[column] !== filter[column]) return false;
  }
  const { userKey, text } = filter;
  if (userKey !== undefined && event.actorKey !== userKey && event.ownerKey !== userKey) return false;
  if (text === undefined) return true;
  const lowerCase = text.toLowerCase();
  return [event.tokenDescription, event.path, event.userAgent].some(
    (column) => column?.toLowerCase().includes(lowerCase) === true,
  );
}
