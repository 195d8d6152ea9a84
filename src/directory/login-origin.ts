import { addressBlock, type IpAddress } from '@scopegate/network';
import type { QueuePlace } from './fair-queue.js';

/** What is known of an address: a login has succeeded from it lately, nothing, or wrong credentials came from it. */
export type Standing = 'known' | 'new' | 'failing';

/** Where a password comes from, which decides when it is checked (R51). */
export interface LoginOrigin {
  /** The block of the address: see `addressBlock`. */
  readonly block: string;
  readonly standing: Standing;
}

const RANKS: Readonly<Record<Standing, number>> = { known: 0, new: 1, failing: 2 };

export const RANK_COUNT = Object.keys(RANKS).length;

/** Shared by all requests whose address is unknown. */
const UNKNOWN_BLOCK = 'unknown';

export function blockOf(address: string | null): string {
  return address === null ? UNKNOWN_BLOCK : addressBlock(address as IpAddress);
}

/** The origin of a caller who is logged in, or of the server itself. */
export function trustedOrigin(address: string | null): LoginOrigin {
  return { block: blockOf(address), standing: 'known' };
}

export function placeOf({ block, standing }: LoginOrigin): QueuePlace {
  return { rank: RANKS[standing], key: block };
}
