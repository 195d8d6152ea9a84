import { clientBlock } from '@scopegate/network';
import { decodeEvent, type EventContent } from './event-content.js';

/** A token is used from fewer addresses, or from so many that a new one says nothing. */
export const MAX_ADDRESSES = 100;

/** How often a token was used, and when and from which address last. */
export interface TokenUse {
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly clientIp: string | null;
}

export interface CountedUse extends TokenUse {
  /** The first use from each block of addresses, by the block; at most `MAX_ADDRESSES`. */
  readonly origins: ReadonlyMap<string, UseOrigin>;
}

export interface UseOrigin {
  readonly clientIp: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

export type TokenUses = Map<string, CountedUse>;

export function addUse(uses: TokenUses, tokenId: string, { count, atMs, clientIp }: TokenUse): void {
  const known = uses.get(tokenId);
  // Most uses come from the address of the use before.
  const origins =
    known !== undefined && known.clientIp === clientIp
      ? known.origins
      : withOrigin(known?.origins ?? NO_ORIGINS, clientIp, atMs);
  uses.set(tokenId, { count: count + (known?.count ?? 0), atMs, clientIp, origins });
}

const NO_ORIGINS: CountedUse['origins'] = new Map();

function withOrigin(origins: CountedUse['origins'], clientIp: string | null, atMs: number): CountedUse['origins'] {
  if (clientIp === null || origins.size >= MAX_ADDRESSES) return origins;
  const block = clientBlock(clientIp);
  return origins.has(block) ? origins : new Map(origins).set(block, { clientIp, atMs });
}

export function addUsesIn(uses: TokenUses, contents: readonly EventContent[]): void {
  for (const content of contents) {
    if (!isAllowed(content)) continue;
    const { tokenId, count, atMs, clientIp } = decodeEvent(content);
    if (tokenId !== null) addUse(uses, tokenId, { count, atMs, clientIp });
  }
}

function isAllowed(content: EventContent): boolean {
  return content.startsWith('["allowed"');
}
