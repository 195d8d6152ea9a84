import { CHAIN_START } from './chain.js';

/** How a chain can be broken at a place. */
export const CHAIN_BREAK_REASONS = ['changed', 'removed', 'inserted'] as const;

export type ChainBreakReason = (typeof CHAIN_BREAK_REASONS)[number];

/** The first place where a chain does not hold. */
export interface ChainBreak {
  readonly chain: string;
  readonly sequence: number;
  /** The event at this place; null if it is missing. */
  readonly eventId: string | null;
  readonly reason: ChainBreakReason;
}

/** A stored event as a link of its chain. */
export interface StoredLink {
  readonly id: string;
  readonly sequence: number;
  readonly previousLink: string;
  readonly link: string;
}

/** The number of places that are tried for an event that may have been renumbered after a removal. */
const MAX_RENUMBERED = 1_000;

/**
 * Follows a chain link by link, in the order of the sequence, and stops at the first place where it does not hold.
 * @typeParam Row a stored event
 */
export class ChainWalk<Row extends StoredLink> {
  #sequence: number;
  #previousLink: string | null;
  #lastId: string | null = null;
  #checked = 0;

  /**
   * @param isIntact whether a row has the link that its content gives at this place of the sequence
   * @param after the sequence before the first row; 0 for the beginning of the chain
   */
  constructor(
    private readonly chain: string,
    private readonly isIntact: (row: Row, sequence: number) => boolean,
    after: number,
  ) {
    this.#sequence = after;
    // The events before the first kept one are removed after their retention.
    this.#previousLink = after === 0 ? CHAIN_START : null;
  }

  /** The sequence of the last event that holds. */
  get sequence(): number {
    return this.#sequence;
  }

  /** The number of events that hold so far. */
  get checked(): number {
    return this.#checked;
  }

  /**
   * Checks the next rows.
   * @param rows in the order of their sequence, all of them greater than `sequence`
   * @param next the row after them, if there is one: it distinguishes a changed event from an inserted one
   */
  take(rows: readonly Row[], next?: Row): ChainBreak | null {
    for (const [index, row] of rows.entries()) {
      const expected = this.#sequence + 1;
      if (row.sequence !== expected) return this.missing();
      if (!this.isIntact(row, expected)) {
        return this.#breakAt(expected, row.id, this.#reason(row, rows[index + 1] ?? next));
      }
      // An authentic event that does not follow the one before it: from another history of the same chain.
      if (this.#previousLink !== null && row.previousLink !== this.#previousLink) {
        return this.#breakAt(expected, row.id, 'changed');
      }
      this.#sequence = expected;
      this.#previousLink = row.link;
      this.#lastId = row.id;
      this.#checked += 1;
    }
    return null;
  }

  /** The break if the next event is missing. */
  missing(): ChainBreak {
    return this.#breakAt(this.#sequence + 1, null, 'removed');
  }

  /** Compares the end of the walk with the head of the chain. */
  end(head: { readonly sequence: number; readonly link: string }): ChainBreak | null {
    if (this.#sequence < head.sequence) return this.missing();
    const link = this.#previousLink ?? head.link;
    return link === head.link ? null : this.#breakAt(this.#sequence, this.#lastId, 'changed');
  }

  #reason(row: Row, next: Row | undefined): ChainBreakReason {
    const place = this.#sequence + 1;
    if (next !== undefined && this.isIntact(next, place) && this.#follows(next)) return 'inserted';
    for (let sequence = place + 1; sequence <= place + MAX_RENUMBERED; sequence += 1) {
      if (this.isIntact(row, sequence)) return 'removed';
    }
    return 'changed';
  }

  #follows(row: Row): boolean {
    return this.#previousLink === null || row.previousLink === this.#previousLink;
  }

  #breakAt(sequence: number, eventId: string | null, reason: ChainBreakReason): ChainBreak {
    return { chain: this.chain, sequence, eventId, reason };
  }
}
