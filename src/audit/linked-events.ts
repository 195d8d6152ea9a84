import { CONTENT_FIELDS, contentValues, sealOf, type EventContent } from '@scopegate/audit';
import type { HmacKey } from '@scopegate/kernel';
import type { AuditChainEntity } from './audit-chain.entity.js';
import type { AuditEventEntity } from './audit-event.entity.js';

/** The place of the newest event of a chain. */
export interface ChainPlace {
  readonly sequence: number;
  readonly link: string;
}

/** The part of a chain's head that is needed to add to the chain. */
export type KnownHead = Pick<AuditChainEntity, 'chain' | 'sequence' | 'link' | 'purgedSequence'>;

export function knownHeadOf({ chain, sequence, link, purgedSequence }: KnownHead): KnownHead {
  return { chain, sequence, link, purgedSequence };
}

/** How far a journal has been shipped. */
export type JournalProgress = Pick<AuditChainEntity, 'journalSegment' | 'journalOffset' | 'held'>;

/** Events that follow each other in a chain. */
export interface LinkedEvents {
  readonly chain: string;
  /** The place that the first of them follows. */
  readonly after: ChainPlace;
  readonly contents: readonly EventContent[];
  /** The link of each. */
  readonly links: readonly string[];
}

/** The columns of an event in the order in which they are written. */
export const EVENT_COLUMNS: readonly (keyof AuditEventEntity)[] = [
  ...CONTENT_FIELDS,
  'chain',
  'chainSequence',
  'previousLink',
  'link',
];

/** The values of one of the events, in the order of `EVENT_COLUMNS`. */
export function eventValues({ chain, after, contents, links }: LinkedEvents, index: number): unknown[] {
  const values = contentValues(contents[index] as EventContent);
  const detail = values.pop();
  const previousLink = index === 0 ? after.link : links[index - 1];
  values.push(detail === null ? null : JSON.stringify(detail), chain, after.sequence + index + 1, previousLink);
  values.push(links[index]);
  return values;
}

/** The columns of a head that change when events are added, and those that select it, in the order of `advanceValues`. */
export const ADVANCED_COLUMNS = ['sequence', 'link', 'journalSegment', 'journalOffset', 'held', 'seal'] as const;
export const FOUND_BY_COLUMNS = ['chain', 'sequence', 'link', 'purgedSequence'] as const;

/**
 * The values that move a head on, unless another one has changed it.
 * @param head as it was stored last
 * @param place the place of its newest event from now on
 */
export function advanceValues(key: HmacKey, head: KnownHead, place: ChainPlace, progress: JournalProgress): unknown[] {
  const { chain, purgedSequence } = head;
  const { journalSegment, journalOffset, held } = progress;
  const seal = sealOf(key, { ...place, chain, purgedSequence, held });
  const heldText = held === null ? null : JSON.stringify(held);
  const values = [place.sequence, place.link, journalSegment, journalOffset, heldText, seal];
  return [...values, chain, head.sequence, head.link, purgedSequence];
}

/** The place of the last of some events. */
export function placeAfter({ after, links }: LinkedEvents): ChainPlace {
  return { sequence: after.sequence + links.length, link: links.at(-1) ?? after.link };
}
