import type { HmacKey } from '@scopegate/kernel';
import { inOrder, type EventContent } from './event-content.js';

/** What stands before the first event of a chain. */
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
 * The link of an event: a keyed digest of its place, its content and the link before it. Whoever can write to the
 * database, but does not know the key, cannot change, remove or insert an event without breaking the chain.
 * @param content of the event, as `encodeEvent` makes it
 * @returns 64 hexadecimal digits
 */
export function linkOf(key: HmacKey, { chain, sequence, previousLink }: ChainLink, content: EventContent): string {
  return digestOf(key, JSON.stringify(chain), sequence, JSON.stringify(previousLink), content);
}

/** The content comes last, and what stands before it are three values in JSON: none can be taken for another place. */
function digestOf(key: HmacKey, chain: string, sequence: number, previousLink: string, content: EventContent): string {
  return key.digest(`${chain},${sequence},${previousLink},`, content);
}

/** Links one event after another to a chain, as `linkOf` links a single one. */
export class ChainLinker {
  readonly #chain: string;
  #sequence: number;
  #previousLink: string;

  /**
   * @param sequence the one of the newest event
   * @param link the one of the newest event
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

  /** The link of the next event, which is the newest one from now on. */
  next(content: EventContent): string {
    this.#sequence += 1;
    const link = digestOf(this.key, this.#chain, this.#sequence, this.#previousLink, content);
    // Hexadecimal digits are the same in JSON.
    this.#previousLink = `"${link}"`;
    return link;
  }
}

/** The head of a chain as far as the verification of the chain depends on it. */
export interface ChainHead {
  readonly chain: string;
  /** The sequence of the newest event; 0 before the first. */
  readonly sequence: number;
  /** The link of the newest event. */
  readonly link: string;
  /** The events up to this one have been removed after their retention. */
  readonly purgedSequence: number;
  /** Failures that are counted and not stored yet. */
  readonly held: unknown;
}

/**
 * The seal of a chain's head: a keyed digest of it. Without it, whoever can write to the database could take events
 * off either end and set the head to what is left.
 * @returns 64 hexadecimal digits
 */
export function sealOf(key: HmacKey, head: ChainHead): string {
  const { chain, sequence, link, purgedSequence, held } = head;
  return key.digest(JSON.stringify(['head', chain, sequence, link, purgedSequence, inOrder(held ?? null)]));
}
