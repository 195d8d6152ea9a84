import { comparePositions, type FloodState, type JournalPosition } from '@scopegate/audit';
import type { AuditChainEntity } from '../audit-chain.entity.js';
import { knownHeadOf, type ChainPlace, type KnownHead } from '../linked-events.js';

/** How far a journal is stored: the head of its chain, and what was read and held back up to there. */
export interface Progress extends KnownHead {
  /** Everything before it is stored or held back. */
  readonly position: JournalPosition;
  /** Repeated failures that are counted and not stored yet. */
  readonly held: FloodState;
}

/** What a step stores besides events. */
export type ProgressTarget = Pick<Progress, 'position' | 'held'>;

/** What has become of a step from one progress to the next. Everything of it is stored, or nothing. */
export type Advance =
  | { readonly kind: 'stored'; readonly progress: Progress }
  /** Another process has added to the chain, or a transaction that was given up has been stored after all. */
  | { readonly kind: 'moved' }
  /** Some of the events were stored before. */
  | { readonly kind: 'duplicate'; readonly error: unknown }
  /** The database does not take some of the events. */
  | { readonly kind: 'refused'; readonly error: unknown };

/** Where a process goes on. */
export interface Resumed {
  readonly progress: Progress;
  /** A server over a copy of this data directory adds to the same chain. */
  readonly isForeign: boolean;
}

/**
 * Finds out where to go on, from the head of the chain as the database has it.
 * @param confirmed what the database has confirmed to this process last; null after the start
 * @param attempted what this process has stored last, confirmed or not
 */
export function resume(
  head: AuditChainEntity,
  { start, end }: { readonly start: JournalPosition; readonly end: JournalPosition },
  confirmed: Progress | null,
  attempted: ChainPlace | null,
): Resumed {
  const known = knownHeadOf(head);
  // A second server can only add to the chain. A head that has gone back is one of a database that has lost its last
  // moments or was put back from a copy: what it does not hold any more is stored again.
  const isAhead = confirmed !== null && head.sequence >= confirmed.sequence;
  if (isAhead && !isSamePlace(head, confirmed) && !isSamePlace(head, attempted)) {
    // Its position is one of another journal, which would pass over events of this one.
    return { progress: { ...confirmed, ...known }, isForeign: true };
  }
  const stored = { segment: head.journalSegment ?? -1, offset: head.journalOffset ?? 0 };
  // A position beyond the end is one of a journal that is gone; this one has to be read from its start.
  const isKnown = stored.segment >= start.segment && comparePositions(stored, end) <= 0;
  const held = (head.held ?? []) as FloodState;
  return { progress: { ...known, position: isKnown ? stored : start, held }, isForeign: false };
}

function isSamePlace(place: ChainPlace, other: ChainPlace | null): boolean {
  return other !== null && place.sequence === other.sequence && place.link === other.link;
}
