import type { HmacKey } from '@scopegate/kernel';
import { inOrder, type EventContent } from './event-content.js';

/** Stands in place of the link before the first event of a chain. */
export const CHAIN_START = '0'.repeat(64);

/** A place in a chain. */
export interface ChainLink {
  readonly chain: string;
  /** 1 for the first event of the chain. */
  readonly sequence: number;
  /** The link of the event before; `CHAIN_START` for the first. */
  readonly previousLink: string;
}

/**
 * The link of an event: a keyed digest of its place, its content and the link before it. Without the key, an attacker with
 * write access to the database cannot change, remove or insert an event without breaking the chain.
 * @param content of the event, as `encodeEvent` makes it
 * @returns 64 hexadecimal digits
 */
export function linkOf(key: HmacKey, { chain, sequence, previousLink }: ChainLink, content: EventContent): string {
  return digestOf(key, JSON.stringify(chain), sequence, JSON.stringify(previousLink), content);
}

/** Three JSON values stand before the content, so that no two places and contents give the same text. */
function digestOf(key: HmacKey, chain: string, sequence: number, previousLink: string, content: EventContent): string {
  return key.digest(`${chain},${sequence},${previousLink},`, content);
}

/** Links one event after another to a chain, as `linkOf` links a single one. */
export class ChainLinker {
  readonly #chain: string;
  #sequence: number;
  #previousLink: string;

  /**
   * @param sequence of the newest event
   * @param link of the newest event
   */
  constructor(
    private readonly key: HmacKey,
    chain: string,
    sequence: number,
    link: string,
  ) {
    this.#chain = JSON.stringify(chain);
    this.#sequence = sequence;
    this.#previousLink = JSON.stringify(link);
  }

  /** Adds the next event. @returns its link */
  next(content: EventContent): string {
    this.#sequence += 1;
    const link = digestOf(this.key, this.#chain, this.#sequence, this.#previousLink, content);
    // Hexadecimal digits are the same in JSON.
    this.#previousLink = `"${link}"`;
    return link;
  }
}

/** The parts of a chain's head that a verification depends on. */
export interface ChainHead {
  readonly chain: string;
  /** The sequence of the newest event; 0 before the first. */
  readonly sequence: number;
  /** The link of the newest event. */
  readonly link: string;
  /** The events up to this one have been removed after their retention. */
  readonly purgedSequence: number;
  /** Repeated failures that are counted and not stored yet. */
  readonly held: unknown;
}

/**
 * The seal of a chain's head: a keyed digest of it. Without it, an attacker with write access to the database could remove
 * events at either end and set the head to the rest.
 * @returns 64 hexadecimal digits
 */
export function sealOf(key: HmacKey, head: ChainHead): string {
  const { chain, sequence, link, purgedSequence, held } = head;
  return key.digest(JSON.stringify(['head', chain, sequence, link, purgedSequence, inOrder(held ?? null)]));
}
