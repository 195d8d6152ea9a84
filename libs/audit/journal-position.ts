export interface JournalPosition {
  readonly segment: number;
  readonly offset: number;
}

/** Negative, 0 or positive, as for `sort`. */
export function comparePositions(first: JournalPosition, second: JournalPosition): number {
  return first.segment - second.segment || first.offset - second.offset;
}
