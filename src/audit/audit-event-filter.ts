import { eventIdBound, provenUserOf, usageKeysOf } from '@scopegate/audit';
import { isStorableText } from '@scopegate/kernel';
import type { AuditEventEntity } from './audit-event.entity.js';

/** From `userNameKey`. With times, only while the user had the name. */
export interface UserName {
  readonly key: string;
  readonly fromMs?: number;
  readonly untilMs?: number;
}

export interface AuditEventFilter {
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly type?: string;
  readonly outcome?: string;
  readonly code?: string;
  /** The actor or the owner has one of these names. */
  readonly userNames?: readonly UserName[];
  /** Only requests that concern the user with these names: see `concerns`. */
  readonly own?: readonly UserName[];
  /** The code is one of these. */
  readonly codes?: readonly string[];
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
  const { userNames, own, ...others } = filter;
  const isNameStorable = (own ?? userNames)?.every(({ key }) => isStorableText(key)) ?? true;
  return isNameStorable && Object.values(others).every((limit) => typeof limit !== 'string' || isStorableText(limit));
}

/** Ids begin with their time. */
export function rangeOfName({ fromMs, untilMs }: UserName): { readonly from: string; readonly until: string | null } {
  return {
    from: fromMs === undefined ? '' : eventIdBound(fromMs),
    until: untilMs === undefined ? null : eventIdBound(untilMs + 1),
  };
}

function isOf({ id, actorKey, ownerKey }: FilteredEvent, name: UserName): boolean {
  return (actorKey === name.key || ownerKey === name.key) && isWithin(id, name);
}

function isWithin(id: string, name: UserName): boolean {
  const { from, until } = rangeOfName(name);
  return id > from && (until === null || id < until);
}

/** Whether an event is a request with a proven credential of the user with these names (R101). */
export function concerns(event: FilteredEvent, names: readonly UserName[]): boolean {
  const proven = provenUserOf(event);
  return proven !== null && names.some((name) => name.key === proven && isWithin(event.id, name));
}

/** Whether an event counts for the user with these names in a report: unlike `meets`, for one user alone (R103). */
export function countsFor(event: FilteredEvent, names: readonly UserName[]): boolean {
  const { user } = usageKeysOf(event);
  return user !== null && names.some((name) => name.key === user && isWithin(event.id, name));
}

/** Ignores `fromMs` and `toMs`. */
export function meets(event: FilteredEvent, filter: AuditEventFilter): boolean {
  for (const column of [...EQUALITY_FILTERS, ...UNINDEXED_FILTERS]) {
    if (filter[column] !== undefined && event[column] !== filter[column]) return false;
  }
  const { userNames, own, codes, text } = filter;
  if (codes !== undefined && (event.code === null || !codes.includes(event.code))) return false;
  if (own !== undefined && !concerns(event, own)) return false;
  if (userNames !== undefined && !userNames.some((name) => isOf(event, name))) return false;
  if (text === undefined) return true;
  const lowerCase = text.toLowerCase();
  return [event.tokenDescription, event.path, event.userAgent].some(
    (column) => column?.toLowerCase().includes(lowerCase) === true,
  );
}
