import { comparePositions, type FloodState, type JournalPosition } from '@scopegate/audit';
import type { AuditChainEntity } from '../audit-chain.entity.js';
import { knownHeadOf, type ChainPlace, type KnownHead } from '../linked-events.js';

export interface Progress extends KnownHead {
  readonly position: JournalPosition;
  readonly held: FloodState;
}

export type ProgressTarget = Pick<Progress, 'position' | 'held'>;

export type Advance =
  | { readonly kind: 'stored'; readonly progress: Progress }
  /** Another process has added to the chain, or a step that seemed to fail was stored. */
  | { readonly kind: 'moved' }
  | { readonly kind: 'duplicate'; readonly error: unknown }
  | { readonly kind: 'refused'; readonly error: unknown };

export interface Resumed {
  readonly progress: Progress;
  /** Another server over a copy of this data directory adds to the same chain. */
  readonly isForeign: boolean;
}

/**
 * Decides where to continue.
 * @param confirmed the last progress that the database has confirmed to this process; null after the start
 * @param attempted the last place that this process has tried to store
 */
export function resume(
  head: AuditChainEntity,
  { start, end }: { readonly start: JournalPosition; readonly end: JournalPosition },
  confirmed: Progress | null,
  attempted: ChainPlace | null,
): Resumed {
  const known = knownHeadOf(head);
  // A second server can only add to the chain. If the head has gone back, the database was restored or has lost its
  // last moments. The missing events are then stored again.
  const isAhead = confirmed !== null && head.sequence >= confirmed.sequence;
  if (isAhead && !isSamePlace(head, confirmed) && !isSamePlace(head, attempted)) {
    // The stored position belongs to another journal and would skip events of this one.
    return { progress: { ...confirmed, ...known }, isForeign: true };
  }
  const stored = { segment: head.journalSegment ?? -1, offset: head.journalOffset ?? 0 };
  // A position beyond the end belongs to a journal that is gone: read this one from its start.
  const isKnown = stored.segment >= start.segment && comparePositions(stored, end) <= 0;
  const held = (head.held ?? []) as FloodState;
  return { progress: { ...known, position: isKnown ? stored : start, held }, isForeign: false };
}

function isSamePlace(place: ChainPlace, other: ChainPlace | null): boolean {
  return other !== null && place.sequence === other.sequence && place.link === other.link;
}
