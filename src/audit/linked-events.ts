import { CONTENT_FIELDS, contentValues, sealOf, type EventContent } from '@scopegate/audit';
import type { HmacKey } from '@scopegate/kernel';
import type { AuditChainEntity } from './audit-chain.entity.js';
import type { AuditEventEntity } from './audit-event.entity.js';

export interface ChainPlace {
  readonly sequence: number;
  readonly link: string;
}

export type KnownHead = Pick<AuditChainEntity, 'chain' | 'sequence' | 'link' | 'purgedSequence'>;

export function knownHeadOf({ chain, sequence, link, purgedSequence }: KnownHead): KnownHead {
  return { chain, sequence, link, purgedSequence };
}

export type JournalProgress = Pick<AuditChainEntity, 'journalSegment' | 'journalOffset' | 'held'>;

export interface LinkedEvents {
  readonly chain: string;
  readonly after: ChainPlace;
  readonly contents: readonly EventContent[];
  readonly links: readonly string[];
}

export const EVENT_COLUMNS: readonly (keyof AuditEventEntity)[] = [
  ...CONTENT_FIELDS,
  'chain',
  'chainSequence',
  'previousLink',
  'link',
];

const DETAIL = CONTENT_FIELDS.indexOf('detail');

export function eventValues({ chain, after, contents, links }: LinkedEvents, index: number): unknown[] {
  const values = contentValues(contents[index] as EventContent);
  const detail = values[DETAIL];
  if (detail !== null) values[DETAIL] = JSON.stringify(detail);
  const previousLink = index === 0 ? after.link : links[index - 1];
  values.push(chain, after.sequence + index + 1, previousLink, links[index]);
  return values;
}

/** Columns that change when events are added, and those that select the head, in the order of `advanceValues`. */
export const ADVANCED_COLUMNS = ['sequence', 'link', 'journalSegment', 'journalOffset', 'held', 'seal'] as const;
export const FOUND_BY_COLUMNS = ['chain', 'sequence', 'link', 'purgedSequence'] as const;

export function advanceValues(key: HmacKey, head: KnownHead, place: ChainPlace, progress: JournalProgress): unknown[] {
  const { chain, purgedSequence } = head;
  const { journalSegment, journalOffset, held } = progress;
  const seal = sealOf(key, { ...place, chain, purgedSequence, held });
  const heldText = held === null ? null : JSON.stringify(held);
  const values = [place.sequence, place.link, journalSegment, journalOffset, heldText, seal];
  return [...values, chain, head.sequence, head.link, purgedSequence];
}

export function placeAfter({ after, links }: LinkedEvents): ChainPlace {
  return { sequence: after.sequence + links.length, link: links.at(-1) ?? after.link };
}
