import type { HmacKey } from '@scopegate/kernel';
import { inOrder, type EventContent } from './event-content.js';

/** Stands for the link before the first event. */
export const CHAIN_START = '0'.repeat(64);

export interface ChainLink {
  readonly chain: string;
  /** 1 for the first event of the chain. */
  readonly sequence: number;
  /** The link of the event before; `CHAIN_START` for the first. */
  readonly previousLink: string;
}

/**
 * The link of an event: a keyed digest of its place, its content and the previous link. Without the key, an attacker
 * with write access to the database cannot change, remove or insert an event unnoticed.
 * @returns 64 hexadecimal digits
 */
export function linkOf(key: HmacKey, { chain, sequence, previousLink }: ChainLink, content: EventContent): string {
  return digestOf(key, JSON.stringify(chain), sequence, JSON.stringify(previousLink), content);
}

/** Three JSON values precede the content, so that different places and contents never give the same text. */
function digestOf(key: HmacKey, chain: string, sequence: number, previousLink: string, content: EventContent): string {
  return key.digest(`${chain},${sequence},${previousLink},`, content);
}

/** Links events in sequence, as `linkOf` links one. */
export class ChainLinker {
  readonly #chain: string;
  #sequence: number;
  #previousLink: string;

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

export interface ChainHead {
  readonly chain: string;
  /** 0 before the first event. */
  readonly sequence: number;
  readonly link: string;
  /** Events up to this one were removed after their retention. */
  readonly purgedSequence: number;
  /** Repeated failures: counted, but not stored yet. */
  readonly held: unknown;
}

/**
 * A keyed digest of the head. Without the key, an attacker with write access to the database cannot remove events at
 * either end unnoticed. @returns 64 hexadecimal digits
 */
export function sealOf(key: HmacKey, head: ChainHead): string {
  const { chain, sequence, link, purgedSequence, held } = head;
  return key.digest(JSON.stringify(['head', chain, sequence, link, purgedSequence, inOrder(held ?? null)]));
}
