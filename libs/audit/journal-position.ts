/** A place in a journal: a segment, and a byte in it. */
export interface JournalPosition {
  readonly segment: number;
  readonly offset: number;
}

/** Negative if the first position comes before the second, positive if it comes after it, 0 if they are the same. */
export function comparePositions(first: JournalPosition, second: JournalPosition): number {
  return first.segment - second.segment || first.offset - second.offset;
}
