import { addressBlock, type IpAddress } from '@scopegate/network';
import type { QueuePlace } from './fair-queue.js';

/** `known` after a recent login from the address, `failing` after wrong credentials. */
export type Standing = 'known' | 'new' | 'failing';

/** Decides when a password is checked (R51). */
export interface LoginOrigin {
  /** See `addressBlock`. */
  readonly block: string;
  readonly standing: Standing;
}

const RANKS: Readonly<Record<Standing, number>> = { known: 0, new: 1, failing: 2 };

export const RANK_COUNT = Object.keys(RANKS).length;

const UNKNOWN_BLOCK = 'unknown';

export function blockOf(address: string | null): string {
  return address === null ? UNKNOWN_BLOCK : addressBlock(address as IpAddress);
}

/** For a caller who is logged in, or for the server itself. */
export function trustedOrigin(address: string | null): LoginOrigin {
  return { block: blockOf(address), standing: 'known' };
}

export function placeOf({ block, standing }: LoginOrigin): QueuePlace {
  return { rank: RANKS[standing], key: block };
}
