import { addressBlock, type IpAddress } from '@scopegate/network';
import type { QueuePlace } from './fair-queue.js';

/** What is known of an address: somebody has logged in from it lately, nothing, or wrong credentials came from it. */
export type Standing = 'known' | 'new' | 'failing';

/** Where a password comes from, which decides when it has its turn (R51). */
export interface LoginOrigin {
  /** The block of the address: see `addressBlock`. */
  readonly block: string;
  readonly standing: Standing;
}

const RANKS: Readonly<Record<Standing, number>> = { known: 0, new: 1, failing: 2 };

export const RANK_COUNT = Object.keys(RANKS).length;

/** What all share whose address could not be told. */
const UNKNOWN_BLOCK = 'unknown';

/** The block that an address counts under. */
export function blockOf(address: string | null): string {
  return address === null ? UNKNOWN_BLOCK : addressBlock(address as IpAddress);
}

/** The origin of what somebody asks for who is logged in, or of the server itself. */
export function trustedOrigin(address: string | null): LoginOrigin {
  return { block: blockOf(address), standing: 'known' };
}

export function placeOf({ block, standing }: LoginOrigin): QueuePlace {
  return { rank: RANKS[standing], key: block };
}
