import { CHAIN_START } from './chain.js';

/** The ways in which a chain can be broken. */
export const CHAIN_BREAK_REASONS = ['changed', 'removed', 'inserted'] as const;

export type ChainBreakReason = (typeof CHAIN_BREAK_REASONS)[number];

export interface ChainBreak {
  readonly chain: string;
  readonly sequence: number;
  /** The event at this place; null if it is missing. */
  readonly eventId: string | null;
  readonly reason: ChainBreakReason;
}

export interface StoredLink {
  readonly id: string;
  readonly sequence: number;
  readonly previousLink: string;
  readonly link: string;
}

/** How many places to try for an event that was renumbered after a removal. */
const MAX_RENUMBERED = 1_000;

/** Checks a chain link by link, in sequence order, and stops at the first break. */
export class ChainWalk<Row extends StoredLink> {
  #sequence: number;
  #previousLink: string | null;
  #lastId: string | null = null;
  #checked = 0;

  /**
   * @param isIntact whether the link of a row matches its content at this sequence
   * @param after the sequence before the first row; 0 at the beginning of the chain
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

  get sequence(): number {
    return this.#sequence;
  }

  get checked(): number {
    return this.#checked;
  }

  /**
   * @param rows in sequence order, all after `sequence`
   * @param next the row after them, if any: it tells a changed event from an inserted one
   */
  take(rows: readonly Row[], next?: Row): ChainBreak | null {
    for (const [index, row] of rows.entries()) {
      const expected = this.#sequence + 1;
      if (row.sequence !== expected) return this.missing();
      if (!this.isIntact(row, expected)) {
        return this.#breakAt(expected, row.id, this.#reason(row, rows[index + 1] ?? next));
      }
      // An authentic event that does not follow the previous one: it comes from another history of the chain.
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

  missing(): ChainBreak {
    return this.#breakAt(this.#sequence + 1, null, 'removed');
  }

  /** Compares the last event with the head of the chain. */
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
